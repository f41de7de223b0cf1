import type { Command } from 'commander'
import { describeError } from '../../native/error.ts'
import { tellServiceManager } from '../../native/service-manager.ts'
import { bearLostOutput } from './bear-lost-output.ts'
import { addSettingFlags, readSettingFlags } from './node-settings.ts'
import type { SettingFlags } from './node-settings.ts'
import { untilSignal } from './until-signal.ts'
import { writeJsonLines } from './write-json-lines.ts'

/** What a node is run with; flags of `myorch node` and `myorch node join`. */
export interface NodeFlags extends SettingFlags {
  readonly server: string
  readonly name: string
  readonly address: string
  readonly root: string
  readonly imageRoot?: string | undefined
  readonly credentials: string
  readonly heartbeat: string
  readonly insecureRegistry: readonly string[]
}

export function addStateFlags(command: Command): Command {
  return addSettingFlags(command)
    .option('--root <folder>', 'all state of the node', '/var/lib/myorch/node')
    .option('--image-root <folder>', 'where images are, when nodes share them')
    .option('--heartbeat <seconds>', 'time between two signs of life', '10')
    .option('--insecure-registry <host:port...>', 'images come from there without TLS, too', [])
}

/**
 * Run a node until this process is to end.
 *
 * @param untilRenewed resolves when the file of credentials has others: the node begins again with them, and its pods go on
 */
export async function runNodeProcess(
  flags: NodeFlags,
  untilRenewed?: (signal: AbortSignal) => Promise<void>,
): Promise<never> {
  bearLostOutput()
  if (flags.loggingFormat === 'json') writeJsonLines()
  const { runNode } = await import('../cluster/run-node.ts')
  const { giveBackMemory } = await import('../cluster/give-back-memory.ts')
  giveBackMemory(printProblem)
  const ending = untilSignal()
  // Ready already: a machine whose server is away boots as any other.
  tellServiceManager({ ready: true, status: `waiting for ${flags.server}` })
  for (;;) {
    const node = await runNode({
      ...flags,
      ...readSettingFlags(flags),
      renewSeconds: Number(flags.heartbeat),
      insecureRegistries: flags.insecureRegistry,
    }).catch((error: unknown) => {
      // Half of it may be open already and would keep the process.
      printProblem('node', error)
      process.exit(1)
    })
    tellServiceManager({ status: `node ${flags.name} of ${flags.server}` })
    const over = new AbortController()
    const isEnd = ending.then(() => true)
    const renewed = untilRenewed?.(over.signal).then(() => false)
    const ends = await Promise.race(renewed ? [isEnd, renewed] : [isEnd])
    over.abort()
    if (ends) tellServiceManager({ stopping: true })
    await node.stop()
    if (ends) process.exit(0)
  }
}

function printProblem(what: string, error: unknown): void {
  process.stderr.write(`myorch: ${what}: ${describeError(error)}\n`)
}
