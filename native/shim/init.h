// The `init` mode; arguments start behind its name.
#pragma once

int init_main(char **argv, char **envp);
