import { fstatSync } from 'node:fs'
import { declareSyscall } from './ffi/library.ts'

// SAFETY: the buffer outlives the call; the kernel writes 8 bytes (struct winsize), or reads and writes 36 (struct termios).
const ioctl = declareSyscall('ioctl', ['int', 'ulong', 'void *'])

const TIOCGWINSZ = 0x5413
const TCGETS = 0x5401
const TCSETS = 0x5402
const OPOST = 1
const outputFlags = 4
const termiosSize = 36

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

/**
 * Have a terminal show bytes as they come, termios(3): what Node calls raw still puts a carriage return before each line
 * feed, which a terminal at the other end has done already. Node's own way back from raw undoes it, too.
 */
export function leaveOutputAlone(descriptor: number): void {
  const settings = Buffer.alloc(termiosSize)
  if (Number(ioctl(descriptor, TCGETS, settings)) < 0) return
  settings.writeUInt32LE((settings.readUInt32LE(outputFlags) & ~OPOST) >>> 0, outputFlags)
  ioctl(descriptor, TCSETS, settings)
}
