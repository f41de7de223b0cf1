import { join } from 'node:path'
import type { EngineContext } from '../../../runtime/container/engine-context.ts'
import type { KubeObject } from '../../api/object.ts'
import { numberAt, valueAt } from '../../api/object.ts'
import { parseQuantity } from '../../api/quantity.ts'
import { containerSpecs } from '../pod-containers.ts'
import type { ContainerFacts } from '../pod-containers.ts'
import type { NodeUsage } from '../server/served-pods.ts'
import { diskUsage } from '../volumes/empty-dir-limit.ts'
import type { ContainerShare, RankedPod } from './rank-pods.ts'
import type { Signal } from './thresholds.ts'

/** A pod that may be ended. */
export interface EvictablePod {
  readonly pod: KubeObject
  facts(container: string): ContainerFacts
}

interface Measuring {
  readonly context: Pick<EngineContext, 'folders'>
  readonly podsFolder: string
  readonly usage: () => NodeUsage
}

/** What each pod uses of what the node runs short of. Walks through files where that is disk. */
export async function measureShares<Pod extends EvictablePod>(
  signal: Signal,
  pods: readonly Pod[],
  measuring: Measuring,
): Promise<(RankedPod & { readonly worker: Pod })[]> {
  const used = signal === 'memory.available' ? measuring.usage() : undefined
  return Promise.all(
    pods.map(async (worker) => {
      const { pod } = worker
      const { uid = '' } = pod.metadata
      const memory = used?.pods.find((one) => one.uid === uid)?.containers
      const containers = await Promise.all(
        containerSpecs(pod).map(async ({ name, spec }): Promise<ContainerShare> => {
          const resource = used ? 'memory' : 'ephemeral-storage'
          const request = parseQuantity(valueAt(spec, ['resources', 'requests', resource])) ?? 0
          const usage = used
            ? (memory?.find((one) => one.name === name)?.workingSetBytes ?? 0)
            : await writtenBy(measuring, worker.facts(name).current?.id)
          return { name, usage, request }
        }),
      )
      const volumes = used ? 0 : await diskUsage(join(measuring.podsFolder, uid, 'volumes'))
      const shared = volumes > 0 ? [{ name: 'volumes', usage: volumes, request: 0 }] : []
      const priority = numberAt(pod, ['spec', 'priority']) ?? 0
      return { uid, priority, containers: [...containers, ...shared], worker }
    }),
  )
}

async function writtenBy({ context }: Measuring, id = ''): Promise<number> {
  return id === '' ? 0 : diskUsage(join(context.folders.dataDir, 'containers', id))
}
