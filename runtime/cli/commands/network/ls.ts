import type { NetworkSummary } from '../../engine.ts'
import { flag } from '../../flag-spec.ts'
import { listNamed } from '../list-named.ts'

/** `network ls` */
export const networkLsCommand = listNamed<NetworkSummary>({
  what: 'network',
  quiet: { words: 'network IDs', column: 'ID' },
  flags: [flag('bool', 'no-trunc', 'Do not truncate the output')],
  headers: { ID: 'NETWORK ID', Name: 'NAME', Driver: 'DRIVER', Scope: 'SCOPE' },
  defaultTable: '{{.ID}}\t{{.Name}}\t{{.Driver}}\t{{.Scope}}',
  list: async (engine) => engine.networkList(),
  filters: { id: ({ id }, value) => id.startsWith(value) },
  row: ({ id, created, internal, ipv6 }, flags) => ({
    ID: flags.bool('no-trunc') ? id : id.slice(0, 12),
    CreatedAt: created,
    Internal: String(internal),
    IPv6: String(ipv6),
  }),
})
