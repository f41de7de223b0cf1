// The `attach` mode; arguments start behind its name.
#pragma once

int attach_main(char **argv, char **envp);
