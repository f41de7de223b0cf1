// OP_FORMAT.
#pragma once
#include "types.h"

// Renders the template at data[arg[2]] (one "%d" at most) with `number` into data[arg[0]], capacity arg[1].
// The length without the NUL, or -ENAMETOOLONG, or -EINVAL for a template that lost its NUL.
s64 format_decimal(u8 *data, u32 size, const s64 *arg, s64 number);
