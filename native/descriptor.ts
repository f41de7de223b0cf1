import { declareSyscall, requireSuccess } from './ffi/library.ts'

// SAFETY: integers only.
const fcntl = declareSyscall('fcntl', ['int', 'int', 'int'])

const F_SETFD = 2
const FD_CLOEXEC = 1

/** Have execve(2) close a descriptor (fcntl(2), FD_CLOEXEC). */
export function setCloseOnExec(descriptor: number): void {
  requireSuccess(fcntl(descriptor, F_SETFD, FD_CLOEXEC), 'mark a descriptor', { descriptor })
}
