import type { Command } from 'commander'

const verbs = [
  ['kill', 'As if its machine had lost its power'],
  ['pause', 'Cut a node off; everything on it goes on'],
  ['unpause', 'Connect it again'],
  ['remove', 'Take a node away for good'],
] as const

type Verb = (typeof verbs)[number][0]

/** `myorch cluster node …` */
export function addNodeCommands(cluster: Command): void {
  const node = cluster.command('node').description('Nodes of a cluster of this machine')
  node
    .command('add')
    .description('One more node, or one that was killed again')
    .argument('[name]', 'its name; absent: the next free one')
    .option('--cluster <name>', 'of which; absent: its own, else that of kubectl’s context')
    .action(async (name: string | undefined, flags: { cluster?: string }) => {
      const { findCluster } = await import('../cluster/find-cluster.ts')
      const { listClusters } = await import('../cluster/cluster-folder.ts')
      const { addNode, nextNodeName } = await import('../cluster/change-nodes.ts')
      const root = await clusters()
      const own = listClusters(root).find(({ nodes }) => nodes.some((each) => each.name === name))
      const found = findCluster(root, flags.cluster ?? own?.name, process.env)
      const chosen = name ?? nextNodeName(found)
      await addNode(root, found, chosen)
      process.stdout.write(`${chosen}\n`)
    })
  addNodeVerbs(node)
}

/** Also found as `myorch node VERB`. */
export function addNodeVerbs(node: Command): void {
  for (const [verb, description] of verbs) {
    const command = node.command(verb).description(description)
    if (verb === 'remove') command.alias('rm')
    command.argument('<name...>', 'the node, like dev-2').action(async (names: string[]) => {
      for (const name of names) {
        await changeNode(verb, name)
        process.stdout.write(`${name}\n`)
      }
    })
  }
}

async function changeNode(verb: Verb, name: string): Promise<void> {
  const { findClusterOfNode } = await import('../cluster/find-cluster.ts')
  const { killNode, removeNodeFrom, setLinked } = await import('../cluster/change-nodes.ts')
  const root = await clusters()
  const found = findClusterOfNode(root, name)
  if (verb === 'kill') return killNode(root, found, name)
  if (verb === 'remove') return removeNodeFrom(root, found, name)
  return setLinked(root, found, name, verb === 'unpause')
}

async function clusters(): Promise<string> {
  const { clustersRoot } = await import('../cluster/cluster-folder.ts')
  return clustersRoot(process.env)
}
