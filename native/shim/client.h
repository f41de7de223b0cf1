// The `client` mode; arguments start behind its name.
#pragma once

int client_main(char **argv, char **envp);
