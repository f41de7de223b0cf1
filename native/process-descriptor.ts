import { closeSync } from 'node:fs'
import { declareSyscall, requireSuccess } from './ffi/library.ts'

// SAFETY: integers only.
const pidfdOpen = declareSyscall('pidfd_open', ['int', 'uint'])
const pidfdGetfd = declareSyscall('pidfd_getfd', ['int', 'int', 'uint'])

/** A descriptor of a process, closed on execve (pidfd_open(2)). @throws {OperationError} `SYSCALL_FAILED` */
export function openProcess(pid: number): number {
  return requireSuccess(pidfdOpen(pid, 0), 'open a process', { pid })
}

/**
 * A duplicate of another process's descriptor, closed on execve (pidfd_getfd(2), Linux 5.6). Needs the right to trace it.
 *
 * @throws {OperationError} `SYSCALL_FAILED`; errno ESRCH where the process has ended
 */
export function copyDescriptor(pid: number, descriptor: number): number {
  const pidfd = openProcess(pid)
  try {
    const result = pidfdGetfd(pidfd, descriptor, 0)
    return requireSuccess(result, 'copy a descriptor of a process', { pid, descriptor })
  } finally {
    closeSync(pidfd)
  }
}
