import { declareSyscall } from './ffi/library.ts'
import { pathBytes } from './file.ts'

// SAFETY: the name is a Buffer that outlives the synchronous call.
const keyctl = declareSyscall('keyctl', ['int', 'void *'])

const KEYCTL_JOIN_SESSION_KEYRING = 1

/** A new session keyring for this thread and what it forks, session-keyring(7). @returns the kernel's result, or -errno */
export function joinSessionKeyring(name: string): number {
  return Number(keyctl(KEYCTL_JOIN_SESSION_KEYRING, pathBytes(name)))
}
