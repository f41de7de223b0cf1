import { declareSyscall } from './ffi/library.ts'

// SAFETY: the buffer outlives the call; the kernel writes 8 bytes (struct winsize).
const ioctl = declareSyscall('ioctl', ['int', 'ulong', 'void *'])

const TIOCGWINSZ = 0x5413

export interface TerminalSize {
  readonly rows: number
  readonly columns: number
}

/**
 * Size of the terminal behind a descriptor, ioctl_tty(2); undefined where it is no terminal. Not by
 * node:tty, which brings the whole network stack of Node along.
 */
export function readTerminalSize(descriptor: number): TerminalSize | undefined {
  const size = Buffer.alloc(8)
  if (Number(ioctl(descriptor, TIOCGWINSZ, size)) < 0) return undefined
  return { rows: size.readUInt16LE(0), columns: size.readUInt16LE(2) }
}
