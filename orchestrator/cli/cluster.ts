import { resolve } from 'node:path'
import type { Command } from 'commander'
import { OperationError } from '../../native/error.ts'
import { usualClusterName } from '../cluster/usual-cluster-name.ts'
import { addNodeCommands } from './cluster-node.ts'

interface CreateFlags {
  readonly nodes: string
  readonly name?: string
  readonly nodeMonitorGrace: string
  readonly podPatience: string
  readonly imageRoot?: string
  readonly timings: boolean
  readonly kubeconfig: boolean
  readonly retain: boolean
}

interface NameFlag {
  readonly name?: string
}

/** `myorch cluster …`: clusters of this machine. */
export function addCluster(program: Command): void {
  const cluster = program
    .command('cluster')
    .description('Clusters of several nodes on this machine')
  addCreate(cluster)
  cluster
    .command('list')
    .alias('ls')
    .description('The clusters of this machine')
    .action(async () => {
      const { requireRoot } = await import('../cluster/require-root.ts')
      const { describeClusters } = await import('../cluster/describe-clusters.ts')
      requireRoot('list the clusters')
      for (const line of describeClusters(await root())) process.stdout.write(`${line}\n`)
    })
  addVerb(cluster, 'delete', 'Take a cluster away with everything in it', async (name) => {
    const { clusterToDelete } = await import('../cluster/cluster-to-delete.ts')
    const { deleteCluster } = await import('../cluster/delete-cluster.ts')
    const { kubeconfigPath, removeFromKubeconfig } = await import('../cluster/kubeconfig-file.ts')
    await deleteCluster(await root(), clusterToDelete(await root(), name))
    removeFromKubeconfig(kubeconfigPath(process.env), `myorch-${name}`)
  }).alias('rm')
  const stop = 'End the processes of a cluster; containers and what is stored stay'
  addVerb(cluster, 'stop', stop, async (name) => {
    const { requireCluster } = await import('../cluster/cluster-folder.ts')
    const { stopCluster } = await import('../cluster/delete-cluster.ts')
    await stopCluster(await root(), requireCluster(await root(), name))
  })
  addVerb(cluster, 'start', 'Start what does not run of a cluster', async (name) => {
    const { requireCluster } = await import('../cluster/cluster-folder.ts')
    const { startCluster } = await import('../cluster/create-cluster.ts')
    const found = requireCluster(await root(), name)
    const nodes = found.nodes.map((node) => node.name)
    await startCluster({ root: await root(), onStep: () => undefined }, found, nodes)
  })
  addNodeCommands(cluster)
}

async function root(): Promise<string> {
  const { clustersRoot } = await import('../cluster/cluster-folder.ts')
  return clustersRoot(process.env)
}

/** A command about one cluster, which prints its name when it is done. */
function addVerb(
  cluster: Command,
  verb: string,
  description: string,
  act: (name: string) => Promise<void>,
): Command {
  return cluster
    .command(verb)
    .description(description)
    .argument('[name]', `which; absent: ${usualClusterName}`)
    .option('--name <name>', 'the same')
    .action(async (word: string | undefined, flags: NameFlag) => {
      const { requireRoot } = await import('../cluster/require-root.ts')
      requireRoot(`${verb} a cluster`)
      const name = chosenName(word, flags)
      await act(name)
      process.stdout.write(`${name}\n`)
    })
}

/** People come from tools that take it as a word, and from such that take it as a flag. */
function chosenName(word: string | undefined, { name }: NameFlag): string {
  if (word === undefined || name === undefined || word === name)
    return word ?? name ?? usualClusterName
  throw new OperationError(
    'INVALID_ARGUMENT',
    'read the name of the cluster',
    { word, name },
    { exitCode: 2, hint: 'Give one of them' },
  )
}

function readNumber(text: string, flag: string, least: number, isWhole = false): number {
  const number = Number(text)
  if (text.trim() !== '' && Number.isFinite(number) && number >= least)
    if (!isWhole || Number.isInteger(number)) return number
  const hint = `Give a ${isWhole ? 'whole ' : ''}number, ${least} or more`
  throw new OperationError(
    'INVALID_ARGUMENT',
    `read ${flag}`,
    { value: text },
    { exitCode: 2, hint },
  )
}

function addCreate(cluster: Command): void {
  cluster
    .command('create')
    .description('Make a cluster: a server, and nodes with a network namespace each')
    .argument(
      '[name]',
      `its name, and the first part of its nodes’ names; absent: ${usualClusterName}`,
    )
    .option('--name <name>', 'the same')
    .option('--nodes <count>', 'how many nodes', '3')
    .option('--node-monitor-grace <seconds>', 'how long a silent node counts as alive', '6')
    .option('--pod-patience <seconds>', 'how long after that its pods are waited for', '1')
    .option('--image-root <folder>', 'state folder of mycontainer whose images the nodes use')
    .option('--timings', 'say what took how long', false)
    .option('--retain', 'leave a cluster that does not come up, to be looked at', false)
    .option('--no-kubeconfig', 'leave kubectl’s configuration alone')
    .action(create)
}

async function create(word: string | undefined, flags: CreateFlags): Promise<void> {
  const begun = performance.now()
  const { createCluster } = await import('../cluster/create-cluster.ts')
  const { kubeconfigPath } = await import('../cluster/kubeconfig-file.ts')
  const steps: string[] = []
  const path = flags.kubeconfig ? kubeconfigPath(process.env) : undefined
  const made = await createCluster({
    root: await root(),
    name: chosenName(word, flags),
    nodes: readNumber(flags.nodes, '--nodes', 0, true),
    kubeconfig: path,
    nodeMonitorGrace: readNumber(flags.nodeMonitorGrace, '--node-monitor-grace', 1),
    imageRoot: flags.imageRoot === undefined ? undefined : resolve(flags.imageRoot),
    podPatience: readNumber(flags.podPatience, '--pod-patience', 0),
    retain: flags.retain,
    onStep: (what, milliseconds) =>
      steps.push(`${what.padEnd(14)}${milliseconds.toFixed(0).padStart(6)} ms`),
  })
  if (flags.timings) {
    steps.push(`${'all'.padEnd(14)}${(performance.now() - begun).toFixed(0).padStart(6)} ms`)
    process.stderr.write(`${steps.join('\n')}\n`)
  }
  const count = made.nodes.length === 1 ? '1 node is' : `${made.nodes.length} nodes are`
  const context = path === undefined ? '' : `; kubectl's context is myorch-${made.name}`
  process.stdout.write(`cluster ${made.name}: ${count} Ready${context}\n`)
}
