// Entry of the bundle that the launcher starts when no resident engine is there.

import { OperationError } from '../../native/error.ts'
import { processIo } from './process-io.ts'
import { runCommandLine } from './run-command-line.ts'

async function main(): Promise<void> {
  const io = processIo(() =>
    Promise.reject(new OperationError('UNSUPPORTED', 'attach to a container')),
  )
  const exitCode = await runCommandLine(process.argv.slice(2), io, async (options) =>
    (await import('./open-engine.ts')).openEngine(options),
  )
  // Streams to the zygote would keep the process; all output is written synchronously.
  process.exit(exitCode)
}

void main()
