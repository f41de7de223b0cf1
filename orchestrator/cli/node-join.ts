import { existsSync } from 'node:fs'
import { hostname } from 'node:os'
import { join } from 'node:path'
import type { Command } from 'commander'
import type { SettingFlags } from './node-settings.ts'
import { addStateFlags, runUntilSignal } from './run-until-signal.ts'

interface Flags extends SettingFlags {
  readonly token: string
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
    .requiredOption('--token <token>', 'of "myorch token create"')
    .option('--ca-hash <sha256:…>', 'of the cluster’s authority, which is refused otherwise')
    .option('--name <name>', 'of the node', hostname().toLowerCase())
    .option('--address <ip>', 'by which others reach it; absent: by which it reaches the server')
  addStateFlags(command).action(async (server: string, flags: Flags) => {
    const { discoverCluster } = await import('../join/discover-cluster.ts')
    const { joinCluster } = await import('../join/join-cluster.ts')
    const { readJoined, writeJoined } = await import('../join/joined-node.ts')
    const { name, root, token } = flags
    const credentials = join(root, 'credentials.json')
    // After a restart it is a node already, and the token may have ended.
    if (!existsSync(credentials)) {
      const { authority, localAddress } = await discoverCluster({
        server,
        token,
        authorityHash: flags.caHash,
      })
      const address = flags.address ?? localAddress
      const made = await joinCluster({ server, token, authority, name, address })
      writeJoined(root, { name, address }, made)
      process.stdout.write(`joined ${server} as node ${name} (${address})\n`)
    }
    await runUntilSignal({ ...flags, ...readJoined(root), server, credentials })
  })
}
