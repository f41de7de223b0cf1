import { concatBytes } from '../../native/netlink-attribute.ts'
import { forgetDatagrams } from './conntrack.ts'
import type { ServiceTable } from './service-table.ts'
import type { TablePart } from './table-part.ts'

// What the kernel remembers of backends that a service has no more.

/**
 * Forget sticky clients and flows of datagrams that lead to backends which have gone: a TCP connection to them ends by itself,
 * a client that goes on sending datagrams would never be sent elsewhere.
 */
export function forgetStale(
  table: ServiceTable,
  before: ReadonlyMap<string, TablePart>,
  after: ReadonlyMap<string, TablePart>,
): void {
  const gone = new Set<string>()
  for (const [owner, part] of after) {
    const old = before.get(owner)
    for (const [name, map] of old?.maps ?? []) {
      const left = backendsOf(part, name)
      const lost = [...backendsOf(old, name)].filter((backend) => !left.has(backend))
      if (lost.length === 0) continue
      if (name.includes('/udp/')) for (const backend of lost) gone.add(backend)
      const sticky = [...part.maps.values()].find(
        (one) => one.timeout !== undefined && one.name.startsWith(`clients-${chainOf(map.name)}-`),
      )
      if (sticky) table.forgetClients(sticky.name, left)
    }
  }
  if (gone.size > 0) forgetDatagrams((source) => gone.has(hex(concatBytes([source, padding]))))
}

const padding = new Uint8Array(2)

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex')

function chainOf(map: string): string {
  return map.replace(/^endpoints-/, '')
}

/** What the elements of a map lead to. */
function backendsOf(part: TablePart | undefined, map: string): Set<string> {
  const elements = part?.elements.filter(({ set }) => set === map) ?? []
  return new Set(
    elements.flatMap(({ element: { data } }) => (data instanceof Uint8Array ? [hex(data)] : [])),
  )
}
