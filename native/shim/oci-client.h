// `client mycontainer-oci ROOT ARGS…`: the command line of an OCI runtime, as engines call it.
#pragma once

// `execute` becomes Node.
int oci_client_main(char **argv, char **envp, int (*execute)(char **argv, char **envp));
