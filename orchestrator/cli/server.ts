import type { Command } from 'commander'
import { describeError, OperationError } from '../../native/error.ts'
import { tellServiceManager } from '../../native/service-manager.ts'
import { addRecordFlags, readRecordFlags } from './server-records.ts'
import type { RecordFlags } from './server-records.ts'
import { bearLostOutput } from './bear-lost-output.ts'
import { untilSignal } from './until-signal.ts'
import { writeJsonLines } from './write-json-lines.ts'

interface Flags {
  readonly dataDir: string
  readonly addr: string
  readonly kubeconfig?: string
  readonly name: string
  readonly san: string[]
  readonly scheduler: boolean
  readonly nodeMonitorGrace: string
  readonly podPatience: string
  readonly nodeEvictionRate: string
}

/** `host:port`, with brackets around an IPv6 address. @throws OperationError INVALID_ARGUMENT */
export function parseAddress(text: string): { host: string; port: number } {
  const match = /^(?:\[([^\]]+)\]|([^:]*)):(\d{1,5})$/.exec(text)
  const port = Number(match?.[3])
  if (!match || port > 65_535)
    throw new OperationError(
      'INVALID_ARGUMENT',
      'read the address',
      { address: text },
      { hint: 'Give it as host:port, like 127.0.0.1:6443' },
    )
  return { host: match[1] ?? (match[2] || '0.0.0.0'), port }
}

export function addServer(program: Command): void {
  const command = program
    .command('server')
    .description(
      'Serve the API; keys and the kubeconfig of an administrator are made the first time',
    )
    .option('--data-dir <folder>', 'where everything is kept', '/var/lib/myorch')
    .option('--addr <host:port>', 'where to listen; port 0 takes a free one', '127.0.0.1:6443')
    .option('--kubeconfig <file>', 'where to write the kubeconfig (default: in the data folder)')
    .option('--name <name>', 'name of the cluster in the kubeconfig', 'myorch')
    .option('--san <name...>', 'another name or address in the certificate of the server', [])
    .option('--no-scheduler', 'leave it to others to give pods their nodes')
    .option('--node-monitor-grace <seconds>', 'how long a silent node counts as alive', '40')
    .option('--pod-patience <seconds>', 'how long pods stay on a node that is not', '300')
    .option('--node-eviction-rate <nodes>', 'of how many silent nodes a second pods go', '0.1')
  addRecordFlags(command).action(async (flags: Flags & RecordFlags) => {
    const { dataDir, addr, kubeconfig, name, san, scheduler } = flags
    const { host, port } = parseAddress(addr)
    bearLostOutput()
    if (flags.loggingFormat === 'json') writeJsonLines()
    const { runServer } = await import('../server/run-server.ts')
    const { giveBackMemory } = await import('../cluster/give-back-memory.ts')
    giveBackMemory((what, error) =>
      process.stderr.write(`myorch: ${what}: ${describeError(error)}\n`),
    )
    const server = await runServer({
      dataDir,
      host,
      port,
      names: san,
      clusterName: name,
      schedules: scheduler,
      podPatience: Number(flags.podPatience),
      controllers: {
        nodeMonitorGrace: Number(flags.nodeMonitorGrace) * 1000,
        nodeEvictionRate: Number(flags.nodeEvictionRate),
      },
      ...(kubeconfig === undefined ? {} : { kubeconfig }),
      ...readRecordFlags(flags),
    })
    process.stdout.write(`serving ${server.url}\nkubeconfig ${server.kubeconfig}\n`)
    tellServiceManager({ ready: true, status: `serving ${server.url}` })
    await untilSignal()
    tellServiceManager({ stopping: true })
    await server.close()
  })
}
