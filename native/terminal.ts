import { fstatSync } from 'node:fs'
import { declareSyscall } from './ffi/library.ts'

// SAFETY: the buffer outlives the call; the kernel writes 8 bytes (struct winsize).
const ioctl = declareSyscall('ioctl', ['int', 'ulong', 'void *'])

const TIOCGWINSZ = 0x5413

export interface TerminalSize {
  readonly rows: number
  readonly columns: number
}

/** Device number of /dev/null: major 1, minor 3. */
const nullDevice = (1 << 8) | 3

/**
 * Size of the terminal behind a descriptor, ioctl_tty(2); undefined where it is no terminal. Pipes, files and /dev/null
 * are told apart without asking it. Not by node:tty, which brings the whole network stack of Node along.
 */
export function readTerminalSize(descriptor: number): TerminalSize | undefined {
  const status = fstatSync(descriptor)
  if (!status.isCharacterDevice() || status.rdev === nullDevice) return undefined
  const size = Buffer.alloc(8)
  if (Number(ioctl(descriptor, TIOCGWINSZ, size)) < 0) return undefined
  return { rows: size.readUInt16LE(0), columns: size.readUInt16LE(2) }
}
