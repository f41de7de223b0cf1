// The `enter` mode; arguments start behind its name.
#pragma once

int enter_main(char **argv, char **envp);
