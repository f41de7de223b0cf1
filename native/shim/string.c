#include "string.h"

// The compiler may turn these loops into calls of the very function: hence the attribute.
#define NO_LOOP_IDIOM __attribute__((optimize("no-tree-loop-distribute-patterns")))
#ifdef __clang__
#undef NO_LOOP_IDIOM
#define NO_LOOP_IDIOM __attribute__((no_builtin))
#endif

NO_LOOP_IDIOM void *memcpy(void *to, const void *from, size_t size) {
#if defined(__x86_64__)
  void *result = to;
  __asm__ volatile("rep movsb" : "+D"(to), "+S"(from), "+c"(size) : : "memory");
  return result;
#else
  for (size_t i = 0; i < size; i++) ((u8 *)to)[i] = ((const u8 *)from)[i];
  return to;
#endif
}

NO_LOOP_IDIOM void *memmove(void *to, const void *from, size_t size) {
  if ((u8 *)to <= (const u8 *)from || (u8 *)to >= (const u8 *)from + size) return memcpy(to, from, size);
  for (size_t i = size; i > 0; i--) ((u8 *)to)[i - 1] = ((const u8 *)from)[i - 1];
  return to;
}

NO_LOOP_IDIOM void *memset(void *at, int value, size_t size) {
  for (size_t i = 0; i < size; i++) ((u8 *)at)[i] = (u8)value;
  return at;
}

NO_LOOP_IDIOM int memcmp(const void *a, const void *b, size_t size) {
  for (size_t i = 0; i < size; i++) {
    int difference = ((const u8 *)a)[i] - ((const u8 *)b)[i];
    if (difference) return difference;
  }
  return 0;
}

NO_LOOP_IDIOM size_t strlen(const char *text) {
  size_t length = 0;
  while (text[length]) length++;
  return length;
}

bool same(const char *a, const char *b) {
  while (*a && *a == *b) a++, b++;
  return *a == *b;
}

bool starts_with(const char *text, const char *prefix) {
  while (*prefix && *text == *prefix) text++, prefix++;
  return *prefix == 0;
}

size_t find_byte(const void *at, u8 byte, size_t size) {
  const u8 *bytes = at;
  for (size_t i = 0; i < size; i++)
    if (bytes[i] == byte) return i;
  return size;
}

bool parse_decimal(const char **at, u64 *value) {
  const char *text = *at;
  u64 number = 0;
  if (*text < '0' || *text > '9') return false;
  for (; *text >= '0' && *text <= '9'; text++) {
    u64 digit = (u64)(*text - '0');
    if (number > (~0ul - digit) / 10) return false;
    number = number * 10 + digit;
  }
  *at = text;
  *value = number;
  return true;
}

bool parse_number(const char *text, u64 *value) { return parse_decimal(&text, value) && *text == 0; }

void add_bytes(struct text *text, const void *bytes, size_t size) {
  if (text->length + size + 1 > text->capacity) {
    text->full = true;
    return;
  }
  memcpy(text->at + text->length, bytes, size);
  text->length += (u32)size;
  text->at[text->length] = 0;
}

void add(struct text *text, const char *string) { add_bytes(text, string, strlen(string)); }

void add_padded(struct text *text, u64 number, u32 width) {
  char digits[24];
  u32 at = sizeof digits;
  do {
    digits[--at] = (char)('0' + number % 10);
    number /= 10;
  } while (at > 0 && (number || sizeof digits - at < width));
  add_bytes(text, digits + at, sizeof digits - at);
}

void add_number(struct text *text, s64 number) {
  if (number < 0) add(text, "-");
  add_padded(text, number < 0 ? 0 - (u64)number : (u64)number, 1);
}
