// The `zygote` mode.
#pragma once

// Serves programs that arrive on descriptor 3 until its end. argv, envp: for the sealed copy.
int zygote_main(char **argv, char **envp);
