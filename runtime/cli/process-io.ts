import { fstatSync, writeSync } from 'node:fs'
import { type TerminalSize, readTerminalSize } from '../../native/terminal.ts'
import type { CommandIo, TextSink } from './command-io.ts'

/** Device number of /dev/null: major 1, minor 3. */
const nullDevice = (1 << 8) | 3

/** 128 + SIGPIPE: what a C program ends with when its reader has gone. */
const readerGone = 141

/**
 * The outside as this process has it. Everything costly is looked up on first use: the streams
 * of `process` alone would cost more than most commands.
 * @param attach becomes the terminal of a container
 */
export function processIo(attach: CommandIo['attach']): CommandIo {
  return {
    stdout: descriptorSink(1),
    stderr: descriptorSink(2),
    stdin: { [Symbol.asyncIterator]: () => process.stdin[Symbol.asyncIterator]() },
    env: process.env,
    cwd: process.cwd(),
    get stdinIsTty() {
      return terminalOf(0) !== undefined
    },
    get stdoutIsTty() {
      return terminalOf(1) !== undefined
    },
    get columns() {
      return terminalOf(1)?.columns || 80
    },
    get rows() {
      return terminalOf(1)?.rows || 24
    },
    attach,
    get signal() {
      return interruptSignal()
    },
  }
}

/** The terminal behind a descriptor. Pipes, files and /dev/null are told apart without asking it. */
function terminalOf(descriptor: number): TerminalSize | undefined {
  const status = fstatSync(descriptor)
  if (!status.isCharacterDevice() || status.rdev === nullDevice) return undefined
  return readTerminalSize(descriptor)
}

let interrupted: AbortController | undefined

/** Aborted by the first Ctrl-C or SIGTERM; the second one ends the process as usual. */
function interruptSignal(): AbortSignal {
  if (!interrupted) {
    const controller = new AbortController()
    interrupted = controller
    for (const name of ['SIGINT', 'SIGTERM'] as const) process.once(name, () => controller.abort())
  }
  return interrupted.signal
}

function descriptorSink(descriptor: number): TextSink {
  return {
    write(chunk) {
      if (!writeAll(descriptor, chunk)) process.exit(readerGone)
    },
    offer: (chunk) => writeAll(descriptor, chunk),
  }
}

/** @returns false where the reader has gone */
function writeAll(descriptor: number, chunk: string | Uint8Array): boolean {
  const bytes = typeof chunk === 'string' ? Buffer.from(chunk) : chunk
  for (let at = 0; at < bytes.length;) {
    const written = writeSome(descriptor, bytes.subarray(at))
    if (written === undefined) return false
    at += written
  }
  return true
}

/** @returns how many bytes were written; undefined where the reader has gone */
function writeSome(descriptor: number, bytes: Uint8Array): number | undefined {
  try {
    return writeSync(descriptor, bytes)
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : undefined
    if (code === 'EPIPE') return undefined
    if (code !== 'EAGAIN') throw error
    // Somebody who shares the terminal or pipe made it non-blocking; wait for room.
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 5)
    return 0
  }
}
