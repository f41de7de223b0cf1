// Raw system calls. A result in [-4095, -1] is -errno: there is no libc and no errno variable.
#pragma once
#include <asm/unistd.h>
#include <linux/errno.h>
#include <linux/fcntl.h>
#include "types.h"

#if defined(__x86_64__)
#define NATIVE_ARCHITECTURE ARCH_X86_64
static inline s64 system_call(s64 nr, s64 a, s64 b, s64 c, s64 d, s64 e, s64 f) {
  register s64 r10 __asm__("r10") = d;
  register s64 r8 __asm__("r8") = e;
  register s64 r9 __asm__("r9") = f;
  s64 result;
  __asm__ volatile("syscall"
                   : "=a"(result)
                   : "a"(nr), "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8), "r"(r9)
                   : "rcx", "r11", "memory");
  return result;
}
#elif defined(__aarch64__)
#define NATIVE_ARCHITECTURE ARCH_AARCH64
static inline s64 system_call(s64 nr, s64 a, s64 b, s64 c, s64 d, s64 e, s64 f) {
  register s64 x8 __asm__("x8") = nr;
  register s64 x0 __asm__("x0") = a;
  register s64 x1 __asm__("x1") = b;
  register s64 x2 __asm__("x2") = c;
  register s64 x3 __asm__("x3") = d;
  register s64 x4 __asm__("x4") = e;
  register s64 x5 __asm__("x5") = f;
  __asm__ volatile("svc 0"
                   : "+r"(x0)
                   : "r"(x8), "r"(x1), "r"(x2), "r"(x3), "r"(x4), "r"(x5)
                   : "memory");
  return x0;
}
#else
#error "the shim knows x86_64 and aarch64"
#endif

#define SYS0(n) system_call(__NR_##n, 0, 0, 0, 0, 0, 0)
#define SYS1(n, a) system_call(__NR_##n, (s64)(a), 0, 0, 0, 0, 0)
#define SYS2(n, a, b) system_call(__NR_##n, (s64)(a), (s64)(b), 0, 0, 0, 0)
#define SYS3(n, a, b, c) system_call(__NR_##n, (s64)(a), (s64)(b), (s64)(c), 0, 0, 0)
#define SYS4(n, a, b, c, d) system_call(__NR_##n, (s64)(a), (s64)(b), (s64)(c), (s64)(d), 0, 0)
#define SYS5(n, a, b, c, d, e) \
  system_call(__NR_##n, (s64)(a), (s64)(b), (s64)(c), (s64)(d), (s64)(e), 0)
#define SYS6(n, a, b, c, d, e, f) \
  system_call(__NR_##n, (s64)(a), (s64)(b), (s64)(c), (s64)(d), (s64)(e), (s64)(f))

static inline bool is_error(s64 result) { return (u64)result > -4096ul; }

// Not in the header files of every system that we are built on.
#ifndef MFD_EXEC
#define MFD_EXEC 0x10u
#endif
#ifndef AT_EMPTY_PATH
#define AT_EMPTY_PATH 0x1000
#endif
#ifndef AT_SYMLINK_NOFOLLOW
#define AT_SYMLINK_NOFOLLOW 0x100
#endif
#ifndef AT_REMOVEDIR
#define AT_REMOVEDIR 0x200
#endif
#ifndef AT_FDCWD
#define AT_FDCWD -100
#endif
