// Bytes, strings and text building without a libc.
#pragma once
#include "types.h"

void *memcpy(void *to, const void *from, size_t size);
void *memmove(void *to, const void *from, size_t size);
void *memset(void *at, int value, size_t size);
int memcmp(const void *a, const void *b, size_t size);
size_t strlen(const char *text);
bool same(const char *a, const char *b);
bool starts_with(const char *text, const char *prefix);
// The position of a byte, or size where there is none.
size_t find_byte(const void *at, u8 byte, size_t size);
// Decimal digits at *at, advanced past them. False: none there, or too many for 64 bits.
bool parse_decimal(const char **at, u64 *value);
bool parse_number(const char *text, u64 *value);

// Text that is built in a fixed buffer; what does not fit is dropped and `full` set. Always ends in NUL.
struct text {
  char *at;
  u32 capacity;
  u32 length;
  bool full;
};
#define TEXT(name, size) \
  char name##_bytes[size]; \
  struct text name = {name##_bytes, size, 0, false}; \
  name##_bytes[0] = 0
void add_bytes(struct text *text, const void *bytes, size_t size);
void add(struct text *text, const char *string);
void add_number(struct text *text, s64 number);
// At least `width` digits, zeros in front.
void add_padded(struct text *text, u64 number, u32 width);
