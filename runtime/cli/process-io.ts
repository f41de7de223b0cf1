import { writeSync } from 'node:fs'
import type { CommandIo, TextSink } from './command-io.ts'

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
      return isTerminal(0)
    },
    get stdoutIsTty() {
      return isTerminal(1)
    },
    get columns() {
      return isTerminal(1) ? process.stdout.columns : 80
    },
    get rows() {
      return isTerminal(1) ? process.stdout.rows : 24
    },
    attach,
    get signal() {
      return interruptSignal()
    },
  }
}

function isTerminal(descriptor: number): boolean {
  return process.getBuiltinModule('node:tty').isatty(descriptor)
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
      const bytes = typeof chunk === 'string' ? Buffer.from(chunk) : chunk
      for (let at = 0; at < bytes.length;) at += writeSome(descriptor, bytes.subarray(at))
    },
  }
}

function writeSome(descriptor: number, bytes: Uint8Array): number {
  try {
    return writeSync(descriptor, bytes)
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : undefined
    if (code === 'EPIPE') process.exit(readerGone)
    if (code !== 'EAGAIN') throw error
    // Somebody who shares the terminal or pipe made it non-blocking; wait for room.
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 5)
    return 0
  }
}
