import { closeSync } from 'node:fs'
import { declareSyscall, requireSuccess } from './ffi/library.ts'

// SAFETY: no pointers cross here but a null siginfo; the calls touch one descriptor of ours.
const pidfdOpen = declareSyscall('pidfd_open', ['int', 'uint'])
const pidfdSendSignal = declareSyscall('pidfd_send_signal', ['int', 'int', 'void *', 'uint'])

const ESRCH = 3

/**
 * Send a signal to the process `pid`, but only if `isSame` confirms, once the kernel has pinned it,
 * that the number still names the process that is meant (pidfd_open(2), pidfd_send_signal(2)).
 *
 * @returns false where that process is gone
 * @throws {OperationError} `SYSCALL_FAILED`, e.g. EPERM
 */
export function signalProcess(pid: number, signal: number, isSame: () => boolean): boolean {
  const pidfd = Number(pidfdOpen(pid, 0))
  if (pidfd === -ESRCH) return false
  requireSuccess(pidfd, 'open a process', { pid })
  try {
    if (!isSame()) return false
    const result = Number(pidfdSendSignal(pidfd, signal, null, 0))
    if (result === -ESRCH) return false
    requireSuccess(result, 'send a signal', { pid, signal })
    return true
  } finally {
    closeSync(pidfd)
  }
}
