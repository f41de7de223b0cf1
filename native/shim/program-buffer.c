#include "program-buffer.h"
#include <asm/mman.h>
#include <linux/poll.h>
#include "process.h"
#include "syscall.h"
#include "validate.h"

#define PAGE 4096u

_Alignas(4096) u8 program_buffer[PROGRAM_MAX_SIZE + 16];

s64 read_exactly(s64 fd, u8 *at, u32 size) {
  for (u32 done = 0; done < size;) {
    s64 got = SYS3(read, fd, at + done, size - done);
    if (got == -EINTR) continue;
    if (got == -EAGAIN) poll_one(fd, POLLIN, -1);
    else if (is_error(got)) return got;
    else if (got == 0) return done == 0 ? 0 : -EPIPE;
    else done += (u32)got;
  }
  return 1;
}

s64 read_program(s64 fd) {
  struct header *header = (struct header *)program_buffer;
  s64 got = read_exactly(fd, program_buffer, sizeof *header);
  if (got != 1) return got;
  if (!is_framed(header)) return -EPROTO;
  u32 rest = header->total_size - (u32)sizeof *header;
  got = rest ? read_exactly(fd, program_buffer + sizeof *header, rest) : 1;
  program_buffer[header->total_size] = 0; // an older, longer program may have left its bytes
  return got == 0 ? -EPIPE : got;
}

static void release(u32 from, u32 to) {
  from = (from + PAGE - 1) / PAGE * PAGE;
  to = to / PAGE * PAGE;
  if (from < to) SYS3(madvise, program_buffer + from, to - from, MADV_DONTNEED);
}

void release_program(u32 keep_from) {
  struct header header = *(struct header *)program_buffer;
  release(PAGE, keep_from); // the first page holds the header
  if (header.why_size) release(header.why_offset, header.total_size + PAGE - 1);
}
