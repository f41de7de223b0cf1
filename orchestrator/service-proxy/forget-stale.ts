import { forgetDatagrams } from './conntrack.ts'
import type { ServiceTable } from './service-table.ts'
import type { TablePart } from './table-part.ts'

// What the kernel remembers of backends that a service has no more.

/**
 * Forget sticky clients and flows of datagrams that lead to backends which have gone: a TCP connection to them ends by itself,
 * a client that goes on sending datagrams would never be sent elsewhere.
 */
export function forgetStale(
  table: Pick<ServiceTable, 'forgetClients'>,
  before: ReadonlyMap<string, TablePart>,
  after: ReadonlyMap<string, TablePart>,
): void {
  const gone = new Set<string>()
  for (const [owner, part] of after)
    for (const [chain, { protocol, all }] of before.get(owner)?.backends ?? []) {
      const now = part.backends.get(chain)
      const left = new Set((now?.all ?? []).map(hex))
      const lost = all.map(hex).filter((backend) => !left.has(backend))
      if (lost.length === 0) continue
      if (protocol === 'UDP') for (const backend of lost) gone.add(backend)
      if (now?.clients !== undefined) table.forgetClients(now.clients, left)
    }
  if (gone.size > 0) forgetDatagrams((answering) => gone.has(`${hex(answering)}0000`))
}

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex')
