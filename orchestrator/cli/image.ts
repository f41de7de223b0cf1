import type { Command } from 'commander'

interface Flags {
  readonly cluster?: string
}

const whichCluster = 'which; absent: that of kubectl’s context, else dev'

/** `myorch image …`: images into a cluster of this machine. */
export function addImage(program: Command): void {
  const image = program.command('image').description('Bring images into a cluster of this machine')
  image
    .command('load')
    .description('Into the store that the nodes of a cluster share')
    .argument('<image...>', 'names of images of this machine, or paths of archives')
    .option('--cluster <name>', whichCluster)
    .action(async (images: string[], flags: Flags) => {
      const { cluster, root } = await find(flags)
      const { loadIntoCluster } = await import('../cluster/cluster-images.ts')
      const onNote = (note: string): void => void process.stderr.write(`myorch: note: ${note}\n`)
      for (const source of images)
        for (const name of await loadIntoCluster({
          root,
          cluster,
          source,
          env: process.env,
          onNote,
        }))
          process.stdout.write(`${name}\n`)
    })
  image
    .command('push-in')
    .description('Into the registry of a cluster, which begins with the first one')
    .argument('<image...>', 'names of images of this machine')
    .option('--cluster <name>', whichCluster)
    .action(async (images: string[], flags: Flags) => {
      const { cluster, root } = await find(flags)
      const { pushIntoCluster } = await import('../cluster/cluster-registry.ts')
      for (const source of images)
        process.stdout.write(`${await pushIntoCluster(root, cluster, source, process.env)}\n`)
    })
}

async function find({ cluster: name }: Flags) {
  const { clustersRoot } = await import('../cluster/cluster-folder.ts')
  const { findCluster } = await import('../cluster/find-cluster.ts')
  const root = clustersRoot(process.env)
  return { root, cluster: findCluster(root, name, process.env) }
}
