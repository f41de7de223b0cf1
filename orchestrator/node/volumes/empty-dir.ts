import { chmodSync, chownSync, mkdirSync, statSync } from 'node:fs'
import type { JsonObject, KubeObject } from '../../api/object.ts'
import { listAt, textAt, valueAt } from '../../api/object.ts'
import { parseQuantity } from '../../api/quantity.ts'
import { podError } from '../environment/pod-error.ts'
import type { PodFacts } from '../environment/pod-sources.ts'
import { mountMemory } from './mounted.ts'

/** @throws {OperationError} `UNSUPPORTED` for huge pages */
export function makeEmptyDir(
  path: string,
  volume: JsonObject,
  pod: KubeObject,
  facts: PodFacts,
  group: number | undefined,
): void {
  const medium = textAt(volume, ['emptyDir', 'medium']) ?? ''
  const isNew = statSync(path, { throwIfNoEntry: false }) === undefined
  if (medium === 'Memory') mountMemory(path, { size: memorySize(volume, pod, facts), mode: 0o777 })
  else if (medium === '') mkdirSync(path, { recursive: true })
  else throw podError('UNSUPPORTED', `unknown storage medium "${medium}"`)
  // Afterwards it belongs to the containers.
  if (!isNew) return
  if (group !== undefined) chownSync(path, 0, group)
  chmodSync(path, group === undefined ? 0o777 : 0o2777)
}

/** The least of what the volume says, the pod's containers may use together, and the node has. */
function memorySize(volume: JsonObject, pod: KubeObject, facts: PodFacts): number | undefined {
  const limits = listAt(pod, ['spec', 'containers']).map(
    (container) => parseQuantity(valueAt(container, ['resources', 'limits', 'memory'])) ?? 0,
  )
  const candidates = [
    parseQuantity(valueAt(volume, ['emptyDir', 'sizeLimit'])) ?? 0,
    limits.reduce((sum, limit) => sum + limit, 0),
    parseQuantity(facts.allocatable['memory']) ?? 0,
  ].filter((size) => size > 0)
  return candidates.length === 0 ? undefined : Math.floor(Math.min(...candidates))
}
