import { writeOutput } from '../../native/standard-output.ts'
import { readTerminalSize } from '../../native/terminal.ts'
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
      return readTerminalSize(0) !== undefined
    },
    get stdoutIsTty() {
      return readTerminalSize(1) !== undefined
    },
    get columns() {
      return readTerminalSize(1)?.columns || 80
    },
    get rows() {
      return readTerminalSize(1)?.rows || 24
    },
    attach,
    get signal() {
      return interruptSignal()
    },
  }
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
      if (!writeOutput(descriptor, chunk)) process.exit(readerGone)
    },
    offer: (chunk) => writeOutput(descriptor, chunk),
  }
}
