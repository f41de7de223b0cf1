import { declareSyscall } from './ffi/library.ts'

// SAFETY: no pointers cross here but a null offset.
const sendfile = declareSyscall('sendfile', ['int', 'int', 'void *', 'long'])

/** sendfile(2): move bytes from one open file to another inside the kernel; the number moved, or -errno. */
export function sendFile(to: number, from: number, count: number): number {
  return Number(sendfile(to, from, null, count))
}
