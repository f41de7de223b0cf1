// The short commands of an OCI runtime, where nothing is out of the ordinary: engines wait for each, and booting Node
// would be most of it.
#pragma once
#include "oci-container.h"
#include "oci-request.h"

// False: nothing was done that Node would not do again; it takes over, and finds the words for what is wrong.
bool run_oci_verb(const struct oci_request *request, s32 *code);
// Lets the program of a created container run. False: it did not wait, or somebody else was first.
bool open_oci_gate(const struct oci_container *container);
// Removes what is left of a container, ending it first where it still runs. False: for Node to do.
bool delete_oci_container(const char *root, const char *id, bool force);
