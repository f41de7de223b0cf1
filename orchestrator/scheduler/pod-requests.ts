import { itemsOf } from '../api/defaults/set-default.ts'
import { isObject, valueAt } from '../api/object.ts'
import type { JsonObject } from '../api/object.ts'
import { addAmounts, maxAmounts, nothing, readAmounts } from './amounts.ts'
import type { Amounts } from './amounts.ts'

// What a container that asks for nothing is taken to use when nodes are compared, so that a thousand of them do
// not all seem to fit one node.
const usualCpu = 100
const usualMemory = 200 * 1024 * 1024

/**
 * What a pod needs of its node: containers and sidecars run together, init containers one after the other with the
 * sidecars that were started before them.
 * @see https://kubernetes.io/docs/concepts/workloads/pods/init-containers/#resource-sharing-within-containers
 * @see https://kubernetes.io/docs/concepts/workloads/pods/sidecar-containers/#resource-sharing-within-containers
 */
export function podRequests(spec: JsonObject): Amounts {
  return sumOf(spec, (container) => readAmounts(valueAt(container, ['resources', 'requests'])))
}

/** The same with usual amounts where a container names no CPU or no memory; for scores, never for what fits. */
export function podUsualRequests(spec: JsonObject): Amounts {
  return sumOf(spec, (container) => {
    const requests = valueAt(container, ['resources', 'requests'])
    const amounts = readAmounts(requests)
    const has = (name: string) => isObject(requests) && requests[name] !== undefined
    return {
      ...amounts,
      cpu: has('cpu') ? amounts.cpu : usualCpu,
      memory: has('memory') ? amounts.memory : usualMemory,
    }
  })
}

function sumOf(spec: JsonObject, requestsOf: (container: JsonObject) => Amounts): Amounts {
  let running = nothing
  for (const container of itemsOf(spec, 'containers'))
    running = addAmounts(running, requestsOf(container))
  let sidecars = nothing
  let starting = nothing
  for (const container of itemsOf(spec, 'initContainers')) {
    const own = requestsOf(container)
    if (container['restartPolicy'] === 'Always') sidecars = addAmounts(sidecars, own)
    const together = container['restartPolicy'] === 'Always' ? sidecars : addAmounts(sidecars, own)
    starting = maxAmounts(starting, together)
  }
  const containers = maxAmounts(addAmounts(running, sidecars), starting)
  return addAmounts(withPodLevel(spec, containers), readAmounts(spec['overhead']))
}

/** Requests of the pod as a whole replace the sums of its containers. */
function withPodLevel(spec: JsonObject, amounts: Amounts): Amounts {
  const requests = valueAt(spec, ['resources', 'requests'])
  if (!isObject(requests)) return amounts
  const whole = readAmounts(requests)
  return {
    ...amounts,
    cpu: requests['cpu'] === undefined ? amounts.cpu : whole.cpu,
    memory: requests['memory'] === undefined ? amounts.memory : whole.memory,
    others: { ...amounts.others, ...whole.others },
  }
}
