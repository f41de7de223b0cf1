import { existsSync } from 'node:fs'
import { hostname } from 'node:os'
import { join } from 'node:path'
import { Option } from 'commander'
import type { Command } from 'commander'
import { OperationError } from '../../native/error.ts'
import type { SettingFlags } from './node-settings.ts'
import { writeJsonLines } from './write-json-lines.ts'
import { addStateFlags, runNodeProcess } from './run-node-process.ts'

interface Flags extends SettingFlags {
  readonly token?: string
  readonly caHash?: string
  readonly name: string
  readonly address?: string
  readonly root: string
  readonly imageRoot?: string
  readonly heartbeat: string
  readonly insecureRegistry: string[]
}

/** `myorch node join`: this machine becomes a node, and is one until the process ends. */
export function addNodeJoin(node: Command): void {
  const command = node
    .command('join')
    .description('Make this machine a node of a cluster, and run it')
    .argument('<server>', 'like https://10.0.0.1:6443')
    .addOption(
      // On the command line it can be read by everybody who is logged in.
      new Option(
        '--token <token>',
        'of "myorch token create"; not needed any more by who has joined',
      ).env('MYORCH_TOKEN'),
    )
    .addOption(
      new Option(
        '--ca-hash <sha256:…>',
        'of the cluster’s authority, which is refused otherwise',
      ).env('MYORCH_CA_HASH'),
    )
    .option('--name <name>', 'of the node', hostname().toLowerCase())
    .option('--address <ip>', 'by which others reach it; absent: by which it reaches the server')
  addStateFlags(command).action(async (address: string, flags: Flags) => {
    if (flags.loggingFormat === 'json') writeJsonLines()
    const server = address.replace(/\/$/, '')
    const { untilRenewed } = await import('../join/renewal.ts')
    const { readJoined } = await import('../join/joined-node.ts')
    const credentials = join(flags.root, 'credentials.json')
    // After a restart it is a node already, and the token may have ended.
    if (!(await isMember(credentials))) await becomeNode(server, flags)
    const node = { ...readJoined(flags.root), server, credentials }
    await runNodeProcess({ ...flags, ...node }, (signal) => untilRenewed(node, signal))
  })
}

/** Whether this machine can prove that it is a node. */
async function isMember(credentials: string): Promise<boolean> {
  if (!existsSync(credentials)) return false
  const { readNodeCredentials } = await import('../cluster/node-credentials.ts')
  const { isOver } = await import('../join/renewal.ts')
  return !isOver(readNodeCredentials(credentials))
}

async function becomeNode(server: string, flags: Flags): Promise<void> {
  const { discoverCluster } = await import('../join/discover-cluster.ts')
  const { joinCluster } = await import('../join/join-cluster.ts')
  const { writeJoined } = await import('../join/joined-node.ts')
  const { name, root, token = '' } = flags
  // A variable may be there and empty.
  const authorityHash = flags.caHash || undefined
  if (token === '')
    throw new OperationError(
      'INVALID_ARGUMENT',
      'join a cluster',
      { missing: '--token', server },
      {
        hint: `${join(root, 'credentials.json')} has no certificates that are still good: make a token with "myorch token create"`,
      },
    )
  const { authority, localAddress } = await discoverCluster({ server, token, authorityHash })
  const address = flags.address ?? localAddress
  const made = await joinCluster({ server, token, authority, name, address })
  writeJoined(root, { name, address }, made)
  process.stdout.write(`joined ${server} as node ${name} (${address})\n`)
}
