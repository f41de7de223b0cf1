// Protection of the binary itself (CVE-2019-5736).
#pragma once

// Makes this process run from a sealed copy of the binary in memory: executes it anew when it does not yet.
// Comes back only when it does (or prints why it cannot, and dies with 125).
void run_sealed(char **argv, char **envp);
