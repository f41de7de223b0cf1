import { formatUsage, isInScope, usageOf } from '../../api/limits/quota-usage.ts'
import type { Usage } from '../../api/limits/quota-usage.ts'
import type { Kind } from '../../api/kind.ts'
import { isObject, listAt, textAt, valueAt } from '../../api/object.ts'
import type { JsonObject, KubeObject } from '../../api/object.ts'
import { parseQuantity } from '../../api/quantity.ts'
import { forbidden } from '../../api/status-error.ts'
import type { Admission, AdmissionRequest } from '../admission.ts'

export interface QuotaTools {
  /** The quotas of a namespace. */
  list(namespace: string): Promise<readonly KubeObject[]>
  /** What there is of one, counted now. */
  count(quota: KubeObject): Promise<Usage>
  /** Change the status; `change` runs again when somebody else was faster, and may throw. */
  updateStatus(quota: KubeObject, change: (quota: KubeObject) => Promise<JsonObject>): Promise<void>
}

/** The last of the admissions: what it takes from a quota is taken. */
export function makeQuotaAdmission(tools: QuotaTools): Admission {
  return async (request) => {
    const { operation, kind, object, current, subresource } = request
    const { namespace } = object.metadata
    if (operation === 'DELETE' || subresource !== undefined || namespace === undefined) return
    // Keeping the count may not itself be counted.
    if (kind.plural === 'resourcequotas' && operation === 'UPDATE') return
    const wanted = increase(usageOf(kind, object), current ? usageOf(kind, current) : {})
    if (Object.keys(wanted).length === 0) return
    for (const quota of await tools.list(namespace))
      if (isInScope(quota, kind, object)) await take(tools, quota, request, wanted)
  }
}

function increase(after: Usage, before: Usage): Usage {
  const entries = Object.entries(after).map(
    ([name, amount]) => [name, amount - (before[name] ?? 0)] as const,
  )
  return Object.fromEntries(entries.filter(([, amount]) => amount > 0))
}

async function take(
  tools: QuotaTools,
  quota: KubeObject,
  request: AdmissionRequest,
  wanted: Usage,
): Promise<void> {
  const hard = valueAt(quota, ['spec', 'hard'])
  if (!isObject(hard)) return
  requireSaid(quota, hard, request)
  const names = Object.keys(hard).filter((name) => wanted[name] !== undefined)
  if (names.length === 0) return
  const decide = async (current: KubeObject): Promise<JsonObject> => {
    const used = valueAt(current, ['status', 'used'])
    const known = isObject(used) && names.every((name) => used[name] !== undefined)
    const counted = known ? undefined : await tools.count(current)
    const usedOf = (name: string) =>
      counted ? (counted[name] ?? 0) : (parseQuantity((used as JsonObject)[name]) ?? 0)
    const over = names.filter(
      (name) => usedOf(name) + wanted[name]! > (parseQuantity(hard[name]) ?? 0) + 1e-9,
    )
    if (over.length > 0) throw exceeded(quota, request, over, { wanted, usedOf, hard })
    const all = Object.keys(hard).map((name) => [
      name,
      formatUsage(name, (counted ? (counted[name] ?? 0) : usedOf(name)) + (wanted[name] ?? 0)),
    ])
    return { ...current.status, hard, used: Object.fromEntries(all) as JsonObject }
  }
  if (request.dryRun) await decide(quota)
  else await tools.updateStatus(quota, decide)
}

function exceeded(
  quota: KubeObject,
  { kind, object }: { kind: Kind; object: KubeObject },
  names: readonly string[],
  amounts: { wanted: Usage; usedOf: (name: string) => number; hard: JsonObject },
) {
  const list = (amountOf: (name: string) => string) =>
    names
      .toSorted()
      .map((name) => `${name}=${amountOf(name)}`)
      .join(',')
  const requested = list((name) => formatUsage(name, amounts.wanted[name]!))
  const used = list((name) => formatUsage(name, amounts.usedOf(name)))
  const limited = list((name) => textAt(amounts.hard, [name]) ?? '')
  const why = `exceeded quota: ${quota.metadata.name}, requested: ${requested}, used: ${used}, limited: ${limited}`
  return forbidden(kind, object.metadata.name ?? '', why)
}

const saidNames = /^(requests\.|limits\.)?(cpu|memory)$/

/** Where processors and memory are limited, every container must say what it needs. */
function requireSaid(
  quota: KubeObject,
  hard: JsonObject,
  { kind, object, operation }: AdmissionRequest,
): void {
  if (kind.plural !== 'pods' || kind.group !== '' || operation !== 'CREATE') return
  const missing = Object.keys(hard)
    .filter((name) => saidNames.test(name))
    .toSorted()
    .flatMap((name) => {
      const part = name.startsWith('limits.') ? 'limits' : 'requests'
      const resource = name.replace(/^(requests|limits)\./, '')
      const silent = ['containers', 'initContainers']
        .flatMap((list) => listAt(object, ['spec', list]))
        .filter((one) => valueAt(one, ['resources', part, resource]) === undefined)
        .map((one) => textAt(one, ['name']))
      return silent.length > 0 ? [`${name} for: ${silent.join(',')}`] : []
    })
  if (missing.length === 0) return
  const why = `failed quota: ${quota.metadata.name}: must specify ${missing.join('; ')}`
  throw forbidden(kind, object.metadata.name ?? '', why)
}
