#include "terminal.h"
#include <asm/ioctls.h>
#include <asm/termbits.h>
#include "syscall.h"

static s64 raw_fd = -1;
static struct termios original;

bool is_terminal_fd(s64 fd) {
  struct termios settings;
  return !is_error(SYS3(ioctl, fd, TCGETS, &settings));
}

void make_raw(s64 fd) {
  struct termios raw;
  if (is_error(SYS3(ioctl, fd, TCGETS, &original))) return;
  raw = original;
  raw.c_iflag &= ~(tcflag_t)(IGNBRK | BRKINT | PARMRK | ISTRIP | INLCR | IGNCR | ICRNL | IXON);
  raw.c_oflag &= ~(tcflag_t)OPOST;
  raw.c_lflag &= ~(tcflag_t)(ECHO | ECHONL | ICANON | ISIG | IEXTEN);
  raw.c_cflag = (raw.c_cflag & ~(tcflag_t)(CSIZE | PARENB)) | CS8;
  raw.c_cc[VMIN] = 1;
  raw.c_cc[VTIME] = 0;
  if (!is_error(SYS3(ioctl, fd, TCSETS, &raw))) raw_fd = fd;
}

void restore_terminal(void) {
  if (raw_fd < 0) return;
  SYS3(ioctl, raw_fd, TCSETSW, &original);
  raw_fd = -1;
}

bool window_size(s64 fd, u16 size[2]) {
  u16 bytes[4];
  if (is_error(SYS3(ioctl, fd, TIOCGWINSZ, bytes)) || bytes[0] == 0 || bytes[1] == 0) return false;
  size[0] = bytes[0];
  size[1] = bytes[1];
  return true;
}
