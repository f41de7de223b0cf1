// The first instruction of the process: hand the initial stack (argc, argv, envp) to main.
#include "syscall.h"

int shim_main(int argc, char **argv, char **envp);

#if defined(__x86_64__)
__asm__(".globl _start\n"
        "_start:\n"
        "  xor %ebp, %ebp\n"
        "  mov %rsp, %rdi\n"
        "  and $-16, %rsp\n"
        "  call start\n");
#else
__asm__(".globl _start\n"
        "_start:\n"
        "  mov x29, #0\n"
        "  mov x30, #0\n"
        "  mov x0, sp\n"
        "  bl start\n");
#endif

__attribute__((used)) void start(u64 *stack) {
  int argc = (int)stack[0];
  char **argv = (char **)(stack + 1);
  SYS1(exit_group, shim_main(argc, argv, argv + argc + 1));
  __builtin_unreachable();
}
