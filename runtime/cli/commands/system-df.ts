import type { Command } from '../command.ts'
import type { DiskUsage } from '../content-verbs.ts'
import { flag } from '../flag-spec.ts'
import { usageHeaders, usageRows, usageSections } from '../output/disk-usage-rows.ts'
import { type Headers, type Row, formatDocument, formatRows } from '../output/format-rows.ts'
import { humanSize } from '../../../rootfs/human-size.ts'

/** `system df` */
export const systemDfCommand: Command = {
  usage: '[OPTIONS]',
  summary: 'Show disk usage',
  flags: [
    flag('string', 'format', "Format output: 'table', 'table TEMPLATE', 'json' or a Go template"),
    flag('bool', 'verbose,v', 'Show detailed information on space usage'),
  ],
  minimumArguments: 0,
  maximumArguments: 0,
  interspersed: true,
  async run({ flags, io, engine }) {
    const usage = await (await engine()).diskUsage()
    const format = flags.string('format')
    if (flags.bool('verbose')) io.stdout.write(verbose(usage, format))
    else {
      const defaultTable = columns(['Type', 'TotalCount', 'Active', 'Size', 'Reclaimable'])
      io.stdout.write(formatRows(usageRows(usage), { format, defaultTable, headers: usageHeaders }))
    }
    return 0
  },
}

function columns(names: readonly string[]): string {
  return names.map((name) => `{{.${name}}}`).join('\t')
}

const imageHeaders: Headers = {
  ID: 'IMAGE ID',
  CreatedSince: 'CREATED',
  SharedSize: 'SHARED SIZE',
  UniqueSize: 'UNIQUE SIZE',
}
const imageColumns = [
  'Repository',
  'Tag',
  'ID',
  'CreatedSince',
  'Size',
  'SharedSize',
  'UniqueSize',
  'Containers',
]
const containerHeaders: Headers = {
  ID: 'CONTAINER ID',
  LocalVolumes: 'LOCAL VOLUMES',
  RunningFor: 'CREATED',
}
const containerColumns = [
  'ID',
  'Image',
  'Command',
  'LocalVolumes',
  'Size',
  'RunningFor',
  'Status',
  'Names',
]

function verbose(usage: DiskUsage, format: string | undefined): string {
  const sections = usageSections(usage)
  if (format !== undefined && format !== 'table') return formatDocument(sections, format)
  const { Images, Containers, Volumes } = sections
  const { entries, bytes } = usage.buildCache
  return [
    section('Images', Images, imageColumns, imageHeaders),
    section('Containers', Containers, containerColumns, containerHeaders),
    section('Local Volumes', Volumes, ['Name', 'Links', 'Size'], { Name: 'VOLUME NAME' }),
    `Build cache usage: ${humanSize(bytes)} in ${entries} entries\n`,
  ].join('\n')
}

function section(
  title: string,
  rows: readonly Row[],
  names: readonly string[],
  headers: Headers,
): string {
  // Columns of a table without rows have titles, too.
  const all = { ...Object.fromEntries(names.map((name) => [name, name.toUpperCase()])), ...headers }
  const layout = { format: undefined, defaultTable: columns(names), headers: all }
  return `${title} space usage:\n\n${formatRows(rows, layout)}`
}
