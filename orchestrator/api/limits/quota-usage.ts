import type { Kind } from '../kind.ts'
import { isObject, listAt, textAt, valueAt } from '../object.ts'
import type { JsonObject, KubeObject } from '../object.ts'
import { qosClass } from '../qos-class.ts'
import { formatQuantity, parseQuantity } from '../quantity.ts'

// What an object uses of a ResourceQuota. Pure. https://kubernetes.io/docs/concepts/policy/resource-quotas/

export type Usage = Readonly<Record<string, number>>

const counted = new Set([
  'services',
  'configmaps',
  'secrets',
  'persistentvolumeclaims',
  'replicationcontrollers',
  'resourcequotas',
])

/** Resource → amount, under every name by which a quota may limit it. */
export function usageOf({ group, plural }: Kind, object: KubeObject): Usage {
  const count = { [`count/${group === '' ? plural : `${plural}.${group}`}`]: 1 }
  if (group !== '') return count
  if (plural === 'pods') return { ...count, ...podUsage(object) }
  if (!counted.has(plural)) return count
  return { ...count, [plural]: 1, ...specialUsage(plural, object) }
}

function specialUsage(plural: string, object: KubeObject): Usage {
  if (plural === 'persistentvolumeclaims') {
    const size = parseQuantity(valueAt(object, ['spec', 'resources', 'requests', 'storage']))
    return { 'requests.storage': size ?? 0 }
  }
  if (plural !== 'services') return {}
  const type = textAt(object, ['spec', 'type'])
  const ports = listAt(object, ['spec', 'ports']).filter((port) => port['nodePort']).length
  return {
    'services.loadbalancers': type === 'LoadBalancer' ? 1 : 0,
    'services.nodeports': type === 'NodePort' || type === 'LoadBalancer' ? ports : 0,
  }
}

function podUsage({ spec, status }: KubeObject): Usage {
  const phase = textAt(status, ['phase'])
  // What has ended holds nothing any more.
  if (phase === 'Succeeded' || phase === 'Failed') return {}
  const usage: Record<string, number> = { pods: 1 }
  const add = (name: string, amount: number) => (usage[name] = (usage[name] ?? 0) + amount)
  for (const part of ['requests', 'limits'])
    for (const [name, amount] of Object.entries(podAmounts(spec ?? {}, part))) {
      add(`${part}.${name}`, amount)
      if (part === 'requests' && ['cpu', 'memory', 'ephemeral-storage'].includes(name))
        add(name, amount)
    }
  return usage
}

/** Containers run together, and those that prepare one after the other before them. */
function podAmounts(spec: JsonObject, part: string): Record<string, number> {
  const totals: Record<string, number> = {}
  const amountsOf = (container: JsonObject): [string, number][] => {
    const amounts = valueAt(container, ['resources', part])
    if (!isObject(amounts)) return []
    return Object.entries(amounts).map(([name, amount]) => [name, parseQuantity(amount) ?? 0])
  }
  for (const container of listAt(spec, ['containers']))
    for (const [name, amount] of amountsOf(container)) totals[name] = (totals[name] ?? 0) + amount
  for (const container of listAt(spec, ['initContainers']))
    for (const [name, amount] of amountsOf(container))
      totals[name] =
        container['restartPolicy'] === 'Always'
          ? (totals[name] ?? 0) + amount
          : Math.max(totals[name] ?? 0, amount)
  return totals
}

/** Whether a quota counts this object: scopes choose among pods. */
export function isInScope(quota: KubeObject, { plural }: Kind, { spec }: KubeObject): boolean {
  const scopes = valueAt(quota, ['spec', 'scopes'])
  const names = Array.isArray(scopes) ? scopes : []
  const selectors = listAt(quota, ['spec', 'scopeSelector', 'matchExpressions'])
  if (names.length === 0 && selectors.length === 0) return true
  if (plural !== 'pods') return false
  return (
    names.every((name) => hasScope(String(name), spec ?? {})) &&
    selectors.every((selector) => matchesScope(selector, spec ?? {}))
  )
}

function hasScope(scope: string, spec: JsonObject): boolean {
  switch (scope) {
    case 'Terminating':
      return typeof spec['activeDeadlineSeconds'] === 'number'
    case 'NotTerminating':
      return typeof spec['activeDeadlineSeconds'] !== 'number'
    case 'BestEffort':
      return qosClass(spec) === 'BestEffort'
    case 'NotBestEffort':
      return qosClass(spec) !== 'BestEffort'
    case 'PriorityClass':
      return textAt(spec, ['priorityClassName']) !== undefined
    default:
      return false
  }
}

function matchesScope(selector: JsonObject, spec: JsonObject): boolean {
  const scope = textAt(selector, ['scopeName']) ?? ''
  if (scope !== 'PriorityClass') return hasScope(scope, spec)
  const name = textAt(spec, ['priorityClassName'])
  const values = Array.isArray(selector['values']) ? selector['values'] : []
  switch (selector['operator']) {
    case 'In':
      return name !== undefined && values.includes(name)
    case 'NotIn':
      return name === undefined || !values.includes(name)
    case 'DoesNotExist':
      return name === undefined
    default:
      return name !== undefined
  }
}

/** Amounts as a quota's status has them. */
export function formatUsage(name: string, amount: number): string {
  return formatQuantity(amount, /memory|storage/.test(name) ? 'bytes' : 'decimal')
}
