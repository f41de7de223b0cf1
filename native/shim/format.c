#include "format.h"
#include "string.h"
#include "syscall.h"

s64 format_decimal(u8 *data, u32 size, const s64 *arg, s64 number) {
  const char *template = (const char *)data + arg[2];
  u64 rest = size - (u64)arg[2], length = find_byte(template, 0, rest), percent = 0;
  if (length == rest) return -EINVAL;
  while (percent < length && !(template[percent] == '%' && template[percent + 1] == 'd')) percent++;
  struct text text = {(char *)data + arg[0], (u32)arg[1], 0, false};
  add_bytes(&text, template, percent);
  if (percent < length) {
    add_number(&text, number);
    add_bytes(&text, template + percent + 2, length - percent - 2);
  }
  return text.full ? -ENAMETOOLONG : (s64)text.length;
}
