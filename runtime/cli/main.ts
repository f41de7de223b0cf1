// Entry of the bundle that the launcher starts when no resident engine is there.

import { processIo } from './process-io.ts'
import { runCommandLine } from './run-command-line.ts'

async function main(): Promise<void> {
  const argv = process.argv.slice(2)
  const io = processIo(async (plan) => {
    const { becomeAttachClient } = await import('../container/attach-client.ts')
    return becomeAttachClient(plan)
  })
  const exitCode = await runCommandLine(argv, io, async (options) => {
    const { openEngineWith } = await import('../container/open-engine.ts')
    const { takeInheritedZygote } = await import('../container/inherited-zygote.ts')
    return openEngineWith(takeInheritedZygote(process.env))(options)
  })
  // Streams to the zygote would keep the process; all output is written synchronously.
  process.exit(exitCode)
}

void main()
