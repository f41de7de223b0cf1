// The command line of an OCI runtime, as far as the launcher must understand it.
#pragma once
#include "string.h"

struct oci_request {
  char root[1024];  // folder of all containers
  const char *verb; // 0: none
  char **rest;      // what follows the verb, up to a null
};
// False: something here is for Node to make out.
bool read_oci_request(char **arguments, char **envp, struct oci_request *request);
// The one word of `rest` that is no flag, where all else is in `flags` (short and long forms, ending in 0). 0: it is not so.
const char *only_word(char **rest, const char *const *flags, bool *flagged);
// A container's name: what runc and crun take, and nothing that could lead out of a folder.
bool is_container_id(const char *id);
// Name or number. 0: neither.
u32 parse_signal(const char *text);
