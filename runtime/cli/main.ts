// Entry of the bundle that the launcher starts when no resident engine is there.

import { takeLauncher } from '../container/launcher.ts'
import { processIo } from './process-io.ts'
import { runCommandLine } from './run-command-line.ts'

async function main(): Promise<void> {
  const argv = process.argv.slice(2)
  // Files that are not there are asked for by the dozen, and nobody reads where from.
  if (!argv.includes('--debug') && !argv.includes('-D')) Error.stackTraceLimit = 0
  const launcher = takeLauncher(process.env)
  const io = processIo(async (plan) => {
    if (launcher) return launcher.attach(plan)
    const { becomeAttachClient } = await import('../container/attach-client.ts')
    return becomeAttachClient(plan)
  })
  const exitCode = await runCommandLine(argv, io, async (options) => {
    const { openEngineWith } = await import('../container/open-engine.ts')
    const { takeInheritedZygote } = await import('../container/inherited-zygote.ts')
    const engine = await openEngineWith(takeInheritedZygote(process.env))(options)
    // A container's files are as readable as they are meant to be, whatever the user's umask.
    process.umask(0o022)
    return engine
  })
  launcher?.end(exitCode)
  // Streams to the zygote would keep the process; all output is written synchronously.
  process.exit(exitCode)
}

void main()
