#include "log-format.h"
#include "clock.h"

static const char *const streams[] = {"stdout", "stderr"};

// Length of the UTF-8 sequence at `bytes`, 0 when it is not one (overlong, surrogate, cut off, beyond U+10FFFF).
static u32 sequence_length(const u8 *bytes, u32 size) {
  u8 lead = bytes[0];
  u32 length = lead < 0x80 ? 1 : lead >= 0xc2 && lead < 0xe0 ? 2 : lead >= 0xe0 && lead < 0xf0 ? 3 : lead >= 0xf0 && lead < 0xf5 ? 4 : 0;
  if (length == 0 || length > size) return 0;
  for (u32 i = 1; i < length; i++)
    if ((bytes[i] & 0xc0) != 0x80) return 0;
  if (lead == 0xe0 && bytes[1] < 0xa0) return 0;
  if (lead == 0xed && bytes[1] >= 0xa0) return 0;
  if (lead == 0xf0 && bytes[1] < 0x90) return 0;
  if (lead == 0xf4 && bytes[1] >= 0x90) return 0;
  return length;
}

static bool is_plain(u8 byte) {
  return byte >= 0x20 && byte < 0x80 && byte != '"' && byte != '\\' && byte != '<' && byte != '>' && byte != '&';
}

// One byte below 0x80 that cannot stand for itself. The same set, written the same way, as docker's writer.
static void add_escaped(struct text *text, u8 byte) {
  static const char hex[] = "0123456789abcdef";
  char escape[6] = {'\\', 'u', '0', '0', hex[byte >> 4], hex[byte & 15]};
  if (byte == '\n') add(text, "\\n");
  else if (byte == '\r') add(text, "\\r");
  else if (byte == '"') add(text, "\\\"");
  else if (byte == '\\') add(text, "\\\\");
  else add_bytes(text, escape, 6);
}

// U+2028 and U+2029 are line ends to JavaScript: Go escapes them, and so do we.
static bool is_line_separator(const u8 *bytes, u32 length) {
  return length == 3 && bytes[0] == 0xe2 && bytes[1] == 0x80 && (bytes[2] & 0xfe) == 0xa8;
}

static void add_json_string(struct text *text, const u8 *bytes, u32 size) {
  for (u32 at = 0; at < size;) {
    u32 run = 0;
    while (at + run < size && is_plain(bytes[at + run])) run++;
    add_bytes(text, bytes + at, run);
    at += run;
    if (at == size) return;
    u32 length = sequence_length(bytes + at, size - at);
    if (length == 0) add(text, "\\ufffd");
    else if (length == 1) add_escaped(text, bytes[at]);
    else if (is_line_separator(bytes + at, length)) add(text, bytes[at + 2] == 0xa8 ? "\\u2028" : "\\u2029");
    else add_bytes(text, bytes + at, length);
    at += length ? length : 1;
  }
}

void add_json_entry(struct text *text, u32 index, const u8 *bytes, u32 size, bool partial, u64 time) {
  add(text, "{\"log\":\"");
  add_json_string(text, bytes, size);
  if (!partial) add(text, "\\n");
  add(text, "\",\"stream\":\"");
  add(text, streams[index]);
  add(text, "\",\"time\":\"");
  add_time(text, time, true);
  add(text, "\"}\n");
}

void add_cri_entry(struct text *text, u32 index, const u8 *bytes, u32 size, bool partial, u64 time) {
  add_time(text, time, true);
  add(text, " ");
  add(text, streams[index]);
  add(text, partial ? " P " : " F ");
  add_bytes(text, bytes, size);
  add(text, "\n");
}
