import type { Command } from '../../command.ts'
import { flag } from '../../flag-spec.ts'
import { labelMatches, parseFilters } from '../../output/filter-containers.ts'
import { formatRows } from '../../output/format-rows.ts'

const headers = { Driver: 'DRIVER', Name: 'VOLUME NAME' }
const defaultTable = '{{.Driver}}\t{{.Name}}'

/** `volume ls` */
export const volumeLsCommand: Command = {
  usage: '[OPTIONS]',
  summary: 'List volumes',
  flags: [
    flag('list', 'filter,f', 'Provide filter values (e.g. "label=a")', { value: 'filter' }),
    flag('string', 'format', "Format output: 'table', 'table TEMPLATE', 'json' or a Go template"),
    flag('bool', 'quiet,q', 'Only display volume names'),
  ],
  minimumArguments: 0,
  maximumArguments: 0,
  interspersed: true,
  async run({ flags, io, engine }) {
    const filters = parseFilters(flags.list('filter'), ['name', 'label', 'driver'])
    const volumes = (await (await engine()).volumeList()).filter((volume) =>
      filters.every(({ name, value }) => {
        if (name === 'label') return labelMatches(volume.labels, value)
        return name === 'driver' ? volume.driver === value : volume.name.includes(value)
      }),
    )
    const rows = volumes.map(({ name, driver, mountpoint, labels, created }) => ({
      Driver: driver,
      Name: name,
      Mountpoint: mountpoint,
      Scope: 'local',
      CreatedAt: created,
      Labels: Object.entries(labels)
        .map(([key, value]) => `${key}=${value}`)
        .join(','),
    }))
    if (flags.bool('quiet')) io.stdout.write(rows.map((row) => `${row.Name}\n`).join(''))
    else
      io.stdout.write(formatRows(rows, { format: flags.string('format'), defaultTable, headers }))
    return 0
  },
}
