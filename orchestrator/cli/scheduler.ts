import type { Command } from 'commander'
import { untilSignal } from './until-signal.ts'

interface Flags {
  readonly kubeconfig: string
  readonly name: string
  readonly enable: string[]
  readonly disable: string[]
  readonly pack?: boolean
  readonly percentage: string
}

/** `myorch scheduler`: beside another cluster's scheduler, or in place of it. */
export function addScheduler(program: Command): void {
  program
    .command('scheduler')
    .description('Give pods their nodes in any Kubernetes cluster')
    .requiredOption('--kubeconfig <file>', 'the cluster, and as whom')
    .option('--name <name>', 'pods with this spec.schedulerName are ours', 'default-scheduler')
    .option(
      '--enable <plugin...>',
      'plugins besides the usual, like ZoneSpread or ZoneSpread=5',
      [],
    )
    .option('--disable <plugin...>', 'usual plugins to do without', [])
    .option('--pack', 'fill nodes one after the other (MostAllocated)')
    .option('--percentage <number>', 'of the nodes, of which the best is taken; 0: by size', '0')
    .action(async ({ kubeconfig, name, enable, disable, pack, percentage }: Flags) => {
      const { readKubeconfig } = await import('../client/read-kubeconfig.ts')
      const { makeHttpClient } = await import('../client/http-client.ts')
      const { makeDecisionLog } = await import('../scheduler/decision-log.ts')
      const { startScheduler } = await import('../scheduler/start-scheduler.ts')
      const address = await readKubeconfig(kubeconfig)
      const client = makeHttpClient(address, { manager: 'kube-scheduler' })
      const scheduler = await startScheduler({
        client,
        record: () => undefined,
        decisions: makeDecisionLog(),
        schedulerName: name,
        enable,
        disable,
        percentageOfNodesToScore: Number(percentage),
        ...(pack === true ? { fitStrategy: 'MostAllocated' as const } : {}),
      })
      process.stdout.write(`scheduling pods of ${name} at ${address.server}\n`)
      await untilSignal()
      await scheduler.stop()
      client.close()
    })
}
