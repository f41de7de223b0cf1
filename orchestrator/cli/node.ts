import type { Command } from 'commander'
import { describeError } from '../../native/error.ts'
import { untilSignal } from './until-signal.ts'

interface Flags {
  readonly server: string
  readonly name: string
  readonly address: string
  readonly root: string
  readonly imageRoot?: string
  readonly credentials: string
  readonly heartbeat: string
  readonly insecureRegistry: string[]
}

/** `myorch node`: everything that runs on a node, in one process. */
export function addNode(program: Command): void {
  program
    .command('node')
    .description('Run the pods that a server gives this node')
    .requiredOption('--server <url>', 'the API server')
    .requiredOption('--name <name>', 'name of the node')
    .requiredOption('--address <ip>', 'by which the server and other nodes reach this one')
    .requiredOption('--credentials <file>', 'what the node proves itself with')
    .option('--root <folder>', 'all state of the node', '/var/lib/myorch/node')
    .option('--image-root <folder>', 'where images are, when nodes share them')
    .option('--heartbeat <seconds>', 'time between two signs of life', '10')
    .option('--insecure-registry <host:port...>', 'images come from there without TLS, too', [])
    .action(async (flags: Flags) => {
      const { runNode } = await import('../cluster/run-node.ts')
      const renewSeconds = Number(flags.heartbeat)
      const node = await runNode({
        ...flags,
        renewSeconds,
        insecureRegistries: flags.insecureRegistry,
      }).catch((error: unknown) => {
        // Half of it may be open already and would keep the process.
        process.stderr.write(`myorch: node: ${describeError(error)}\n`)
        process.exit(1)
      })
      await untilSignal()
      await node.stop()
      process.exit(0)
    })
}
