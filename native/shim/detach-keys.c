#include "detach-keys.h"
#include "string.h"

static u32 matched; // how much of the sequence has been typed

u32 filter_detach_keys(const char *keys, const u8 *bytes, u32 size, u8 *to, bool *detached) {
  u32 length = (u32)strlen(keys), count = 0;
  for (u32 i = 0; i < size; i++) {
    if (length > 0 && bytes[i] == (u8)keys[matched]) {
      if (++matched < length) continue;
      matched = 0;
      *detached = true;
      return count;
    }
    memcpy(to + count, keys, matched);
    count += matched;
    matched = 0;
    // The key that broke one sequence may begin the next.
    if (length > 1 && bytes[i] == (u8)keys[0]) matched = 1;
    else to[count++] = bytes[i];
  }
  return count;
}
