import type { Service } from '../model/service.ts'
import type { WrittenFile } from './file-schema.ts'
import { mergeMappings, mergeServices } from './merge-service.ts'

type Part = 'networks' | 'volumes' | 'secrets' | 'configs'

/** Some files put together, not yet complete. */
export type Draft = {
  readonly name?: string | undefined
  readonly services: Readonly<Record<string, Service>>
} & { readonly [K in Part]: NonNullable<WrittenFile[K]> }

export const emptyDraft: Draft = {
  services: {},
  networks: {},
  volumes: {},
  secrets: {},
  configs: {},
}

export const parts: readonly Part[] = ['networks', 'volumes', 'secrets', 'configs']

export function mergeDrafts(earlier: Draft, later: Draft): Draft {
  const services = Object.entries(later.services).map(([name, service]) => {
    const before = earlier.services[name]
    return [name, before ? mergeServices(before, service) : service]
  })
  const merged = parts.map((part) => [part, mergeMappings(earlier[part], later[part])])
  return {
    ...earlier,
    ...(Object.fromEntries(merged) as Pick<Draft, Part>),
    name: later.name ?? earlier.name,
    services: { ...earlier.services, ...(Object.fromEntries(services) as Draft['services']) },
  }
}

/** Fields whose long form has a name that is not just theirs in camel case. */
const longNames: Readonly<Record<string, string>> = {
  env_file: 'envFiles',
  label_file: 'labelFiles',
  mem_limit: 'memory',
  mem_reservation: 'memoryReservation',
  mem_swappiness: 'memorySwappiness',
  memswap_limit: 'memorySwap',
  cpu_rt_period: 'cpuRealtimePeriod',
  cpu_rt_runtime: 'cpuRealtimeRuntime',
  dns_opt: 'dnsOptions',
  develop: 'watch',
}

/** The draft without the field at `keys` (as a file writes them): what `!reset` and `!override` ask for. */
export function withoutField(draft: Draft, keys: readonly string[]): Draft {
  const [top, name, field, ...rest] = keys
  const isService = top === 'services' && field !== undefined
  const long = isService
    ? (longNames[field] ?? field.replaceAll(/_(\w)/g, (_, letter: string) => letter.toUpperCase()))
    : field
  const path = [top, name, long, ...rest].filter((key) => key !== undefined)
  return without(draft, path) as Draft
}

function without(value: unknown, [key = '', ...rest]: readonly string[]): unknown {
  if (typeof value !== 'object' || value === null || !Object.hasOwn(value, key)) return value
  const { [key]: inner, ...others } = value as Record<string, unknown>
  return rest.length === 0 ? others : { ...others, [key]: without(inner, rest) }
}
