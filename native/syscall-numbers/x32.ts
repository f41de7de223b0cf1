import { x86_64 } from './x86_64.ts'

/** Set in every x32 number: the x32 ABI shares the audit architecture of x86_64. */
export const X32_SYSCALL_BIT = 0x4000_0000

/**
 * Calls whose structures hold pointers and so have an x32 number of their own; all
 * others share theirs with x86_64. Without the bit.
 * Source: the kernel's arch/x86/entry/syscalls/syscall_64.tbl, rows marked x32. The range is closed.
 */
const x32Only: Readonly<Record<string, number>> = {
  rt_sigaction: 512,
  rt_sigreturn: 513,
  ioctl: 514,
  readv: 515,
  writev: 516,
  recvfrom: 517,
  sendmsg: 518,
  recvmsg: 519,
  execve: 520,
  ptrace: 521,
  rt_sigpending: 522,
  rt_sigtimedwait: 523,
  rt_sigqueueinfo: 524,
  sigaltstack: 525,
  timer_create: 526,
  mq_notify: 527,
  kexec_load: 528,
  waitid: 529,
  set_robust_list: 530,
  get_robust_list: 531,
  vmsplice: 532,
  move_pages: 533,
  preadv: 534,
  pwritev: 535,
  rt_tgsigqueueinfo: 536,
  recvmmsg: 537,
  sendmmsg: 538,
  process_vm_readv: 539,
  process_vm_writev: 540,
  setsockopt: 541,
  getsockopt: 542,
  io_setup: 543,
  io_submit: 544,
  execveat: 545,
  preadv2: 546,
  pwritev2: 547,
}

/** Number of a call in the x32 ABI with `X32_SYSCALL_BIT` set, or undefined where there is none. */
export function findX32Number(name: string): number | undefined {
  const table = Object.hasOwn(x32Only, name) ? x32Only : x86_64
  const number = Object.hasOwn(table, name) ? table[name] : undefined
  return number === undefined ? undefined : number + X32_SYSCALL_BIT
}
