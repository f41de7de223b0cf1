// Whether limits leave Node what it begins with: without, it crashes in words of its own, or hangs.
#pragma once
#include "types.h"

// False: it was said what is missing.
bool has_room_for_node(void);
