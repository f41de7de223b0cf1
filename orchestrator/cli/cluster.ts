import { resolve } from 'node:path'
import type { Command } from 'commander'
import { OperationError } from '../../native/error.ts'

interface CreateFlags {
  readonly nodes: string
  readonly name: string
  readonly nodeMonitorGrace: string
  readonly podPatience: string
  readonly imageRoot?: string
  readonly timings: boolean
  readonly kubeconfig: boolean
}

const usualName = 'dev'

/** `myorch cluster …`: clusters of this machine. */
export function addCluster(program: Command): void {
  const cluster = program
    .command('cluster')
    .description('Clusters of several nodes on this machine')
  addCreate(cluster)
  cluster
    .command('list')
    .description('The clusters of this machine')
    .action(async () => {
      const { describeClusters } = await import('../cluster/describe-clusters.ts')
      for (const line of describeClusters(await root())) process.stdout.write(`${line}\n`)
    })
  cluster
    .command('delete')
    .description('Take a cluster away with everything in it')
    .argument('[name]', 'which', usualName)
    .action(async (name: string) => {
      const { requireCluster } = await import('../cluster/cluster-folder.ts')
      const { deleteCluster } = await import('../cluster/delete-cluster.ts')
      const { kubeconfigPath, removeFromKubeconfig } = await import('../cluster/kubeconfig-file.ts')
      const found = requireCluster(await root(), name)
      await deleteCluster(await root(), found)
      removeFromKubeconfig(kubeconfigPath(process.env), `myorch-${name}`)
      process.stdout.write(`${name}\n`)
    })
  cluster
    .command('stop')
    .description('End the processes of a cluster; containers and what is stored stay')
    .argument('[name]', 'which', usualName)
    .action(async (name: string) => {
      const { requireCluster } = await import('../cluster/cluster-folder.ts')
      const { stopCluster } = await import('../cluster/delete-cluster.ts')
      await stopCluster(await root(), requireCluster(await root(), name))
    })
  cluster
    .command('start')
    .description('Start what does not run of a cluster')
    .argument('[name]', 'which', usualName)
    .action(async (name: string) => {
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

/** @throws {OperationError} `INVALID_ARGUMENT` */
function readNumber(text: string, flag: string, least: number): number {
  const number = Number(text)
  if (Number.isFinite(number) && number >= least) return number
  throw new OperationError('INVALID_ARGUMENT', `read ${flag}`, { value: text }, { exitCode: 2 })
}

function addCreate(cluster: Command): void {
  cluster
    .command('create')
    .description('Make a cluster: a server, and nodes with a network namespace each')
    .option('--nodes <count>', 'how many nodes', '3')
    .option('--name <name>', 'name of the cluster and first part of its nodes’ names', usualName)
    .option('--node-monitor-grace <seconds>', 'how long a silent node counts as alive', '6')
    .option('--pod-patience <seconds>', 'how long after that its pods are waited for', '1')
    .option('--image-root <folder>', 'state folder of mycontainer whose images the nodes use')
    .option('--timings', 'say what took how long', false)
    .option('--no-kubeconfig', 'leave kubectl’s configuration alone')
    .action(async (flags: CreateFlags) => {
      const begun = performance.now()
      const { createCluster } = await import('../cluster/create-cluster.ts')
      const { kubeconfigPath } = await import('../cluster/kubeconfig-file.ts')
      const steps: string[] = []
      const path = flags.kubeconfig ? kubeconfigPath(process.env) : undefined
      const made = await createCluster({
        root: await root(),
        name: flags.name,
        nodes: readNumber(flags.nodes, '--nodes', 0),
        kubeconfig: path,
        nodeMonitorGrace: readNumber(flags.nodeMonitorGrace, '--node-monitor-grace', 1),
        imageRoot: flags.imageRoot === undefined ? undefined : resolve(flags.imageRoot),
        podPatience: readNumber(flags.podPatience, '--pod-patience', 0),
        onStep: (what, milliseconds) =>
          steps.push(`${what.padEnd(14)}${milliseconds.toFixed(0).padStart(6)} ms`),
      })
      if (flags.timings) {
        steps.push(`${'all'.padEnd(14)}${(performance.now() - begun).toFixed(0).padStart(6)} ms`)
        process.stderr.write(`${steps.join('\n')}\n`)
      }
      const context = path === undefined ? '' : `; kubectl's context is myorch-${made.name}`
      process.stdout.write(`cluster ${made.name}: ${made.nodes.length} nodes are Ready${context}\n`)
    })
}

function addNodeCommands(cluster: Command): void {
  const node = cluster.command('node').description('Nodes of a cluster of this machine')
  node
    .command('add')
    .description('One more node, or one that was killed again')
    .argument('[name]', 'its name; absent: the next free one')
    .option('--cluster <name>', 'of which cluster', usualName)
    .action(async (name: string | undefined, flags: { cluster: string }) => {
      const { requireCluster } = await import('../cluster/cluster-folder.ts')
      const { addNode, nextNodeName } = await import('../cluster/change-nodes.ts')
      const found = requireCluster(await root(), flags.cluster)
      const chosen = name ?? nextNodeName(found)
      await addNode(await root(), found, chosen)
      process.stdout.write(`${chosen}\n`)
    })
  addNodeVerbs(node)
}

/** Also found as `myorch node VERB`. */
export function addNodeVerbs(node: Command): void {
  const verbs = [
    ['kill', 'As if its machine had lost its power'],
    ['pause', 'Cut a node off; everything on it goes on'],
    ['unpause', 'Connect it again'],
    ['remove', 'Take a node away for good'],
  ] as const
  for (const [verb, description] of verbs)
    node
      .command(verb)
      .description(description)
      .argument('<name>', 'the node')
      .action(async (name: string) => {
        await changeNode(verb, name)
        process.stdout.write(`${name}\n`)
      })
}

/** `myorch node kill dev-2`: the name of a node begins with that of its cluster. */
async function changeNode(
  verb: 'kill' | 'pause' | 'unpause' | 'remove',
  name: string,
): Promise<void> {
  const { requireCluster } = await import('../cluster/cluster-folder.ts')
  const { killNode, removeNodeFrom, setLinked } = await import('../cluster/change-nodes.ts')
  const found = requireCluster(await root(), name.slice(0, Math.max(0, name.lastIndexOf('-'))))
  if (verb === 'kill') return killNode(await root(), found, name)
  if (verb === 'remove') return removeNodeFrom(await root(), found, name)
  return setLinked(await root(), found, name, verb === 'unpause')
}
