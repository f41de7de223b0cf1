// One log entry as text.
#pragma once
#include "string.h"

// JSON: a byte becomes six at most. Time, stream and punctuation take less than 128.
#define LONGEST_ENTRY(line) (6 * (line) + 128)

void add_json_entry(struct text *text, u32 index, const u8 *bytes, u32 size, bool partial, u64 time);
void add_cri_entry(struct text *text, u32 index, const u8 *bytes, u32 size, bool partial, u64 time);
