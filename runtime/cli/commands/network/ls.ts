import type { Command } from '../../command.ts'
import { flag } from '../../flag-spec.ts'
import { labelMatches, parseFilters } from '../../output/filter-containers.ts'
import { formatRows } from '../../output/format-rows.ts'

const headers = { ID: 'NETWORK ID', Name: 'NAME', Driver: 'DRIVER', Scope: 'SCOPE' }
const defaultTable = '{{.ID}}\t{{.Name}}\t{{.Driver}}\t{{.Scope}}'

/** `network ls` */
export const networkLsCommand: Command = {
  usage: '[OPTIONS]',
  summary: 'List networks',
  flags: [
    flag('list', 'filter,f', 'Provide filter values (e.g. "driver=bridge")', { value: 'filter' }),
    flag('string', 'format', "Format output: 'table', 'table TEMPLATE', 'json' or a Go template"),
    flag('bool', 'no-trunc', 'Do not truncate the output'),
    flag('bool', 'quiet,q', 'Only display network IDs'),
  ],
  minimumArguments: 0,
  maximumArguments: 0,
  interspersed: true,
  async run({ flags, io, engine }) {
    const filters = parseFilters(flags.list('filter'), ['name', 'id', 'driver', 'label'])
    const networks = (await (await engine()).networkList()).filter((network) =>
      filters.every(({ name, value }) => {
        if (name === 'label') return labelMatches(network.labels, value)
        if (name === 'driver') return network.driver === value
        return name === 'id' ? network.id.startsWith(value) : network.name.includes(value)
      }),
    )
    const rows = networks.map(({ id, name, driver, created, internal, ipv6, labels }) => ({
      ID: flags.bool('no-trunc') ? id : id.slice(0, 12),
      Name: name,
      Driver: driver,
      Scope: 'local',
      CreatedAt: created,
      Internal: String(internal),
      IPv6: String(ipv6),
      Labels: Object.entries(labels)
        .map(([key, value]) => `${key}=${value}`)
        .join(','),
    }))
    if (flags.bool('quiet')) io.stdout.write(rows.map((row) => `${row.ID}\n`).join(''))
    else
      io.stdout.write(formatRows(rows, { format: flags.string('format'), defaultTable, headers }))
    return 0
  },
}
