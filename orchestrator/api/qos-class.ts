import { itemsOf } from './defaults/set-default.ts'
import { isObject, sameJson } from './object.ts'
import type { JsonObject } from './object.ts'
import { parseQuantity } from './quantity.ts'

const counted = ['cpu', 'memory'] as const

/**
 * How much a pod is promised, by its requests and limits of CPU and memory.
 * @see https://kubernetes.io/docs/concepts/workloads/pods/pod-qos/
 */
export function qosClass(spec: JsonObject): 'Guaranteed' | 'Burstable' | 'BestEffort' {
  const containers = [...itemsOf(spec, 'initContainers'), ...itemsOf(spec, 'containers')]
  const amounts = containers.map((container) => {
    const resources = isObject(container['resources']) ? container['resources'] : {}
    return { requests: amountsOf(resources['requests']), limits: amountsOf(resources['limits']) }
  })
  if (amounts.every(({ requests, limits }) => isNothing(requests) && isNothing(limits)))
    return 'BestEffort'
  const guaranteed = amounts.every(
    ({ requests, limits }) => counted.every((name) => limits[name]) && sameJson(requests, limits),
  )
  return guaranteed ? 'Guaranteed' : 'Burstable'
}

/** A request of nothing is no request. */
function amountsOf(list: unknown): Partial<Record<string, number>> {
  if (!isObject(list)) return {}
  const pairs = counted.map((name) => [name, parseQuantity(list[name])] as const)
  return Object.fromEntries(pairs.filter(([, amount]) => amount))
}

function isNothing(amounts: object): boolean {
  return Object.keys(amounts).length === 0
}
