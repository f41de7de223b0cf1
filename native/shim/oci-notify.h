// The `oci-notify` mode: `start` of a container whose caller listens for sd_notify(3).
#pragma once

// ROOT ID SOCKET. Opens the container's gate once its own socket is there, waits until it says READY=1 or has ended, and
// passes that on with the number of its init as the host knows it. 0: started.
int oci_notify_main(char **argv);
