import type { Command } from 'commander'
import { OperationError } from '../../native/error.ts'
import { addNodeVerbs } from './cluster-node.ts'
import { addNodeJoin } from './node-join.ts'
import type { SettingFlags } from './node-settings.ts'
import { addStateFlags, runNodeProcess } from './run-node-process.ts'

interface Flags extends SettingFlags {
  readonly server?: string
  readonly name?: string
  readonly address?: string
  readonly root: string
  readonly imageRoot?: string
  readonly credentials?: string
  readonly heartbeat: string
  readonly insecureRegistry: string[]
}

/** `myorch node`: everything that runs on a node, in one process. */
export function addNode(program: Command): void {
  const node = program
    .command('node')
    .description('Run the pods that a server gives this node')
    .enablePositionalOptions()
    .option('--server <url>', 'the API server')
    .option('--name <name>', 'name of the node')
    .option('--address <ip>', 'by which the server and other nodes reach this one')
    .option('--credentials <file>', 'what the node proves itself with')
  addStateFlags(node).action((flags: Flags) => {
    const { server, name, address, credentials } = flags
    return runNodeProcess({
      ...flags,
      server: requireFlag('--server', server),
      name: requireFlag('--name', name),
      address: requireFlag('--address', address),
      credentials: requireFlag('--credentials', credentials),
    })
  })
  addNodeJoin(node)
  addNodeVerbs(node)
}

function requireFlag(flag: string, value: string | undefined): string {
  if (value !== undefined) return value
  throw new OperationError(
    'INVALID_ARGUMENT',
    'run a node',
    { missing: flag },
    { hint: 'A machine becomes a node with "myorch node join"' },
  )
}
