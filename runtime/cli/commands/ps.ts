import { invalidValue } from '../../container/parse/invalid-value.ts'
import { OperationError } from '../../../native/error.ts'
import { podLabel, roleLabel } from '../../kube/pod-labels.ts'
import type { Command } from '../command.ts'
import type { Container } from '../engine.ts'
import { flag } from '../flag-spec.ts'
import { containerHeaders, containerRow, defaultContainerTable } from '../output/container-row.ts'
import {
  containerFilterNames,
  filterContainers,
  needsAll,
  parseFilters,
} from '../output/filter-containers.ts'
import { formatRows } from '../output/format-rows.ts'

/** Newest first unless it was said otherwise: by rising values, as podman does. */
function sorted(found: readonly Container[], by: string | undefined): readonly Container[] {
  if (by === undefined) return found
  const keys: Readonly<Record<string, (one: Container) => string | number>> = {
    command: ({ record }) => [...record.resolved.entrypoint, ...record.resolved.command].join(' '),
    created: ({ record }) => record.created,
    id: ({ record }) => record.id,
    image: ({ record }) => record.imageReference,
    names: ({ record }) => record.name,
    runningfor: ({ state }) => state.startedAt ?? '',
    size: ({ size }) => size?.total ?? 0,
    status: ({ state }) => state.status,
  }
  const key = Object.hasOwn(keys, by) ? keys[by] : undefined
  if (key === undefined) throw invalidValue('order', by, `Sort by ${Object.keys(keys).join(', ')}`)
  return found.toSorted((a, b) => (key(a) < key(b) ? -1 : Number(key(a) > key(b))))
}

/** Of a container's pod, id and name: the id is that of the container that holds the namespaces. */
function podIds(
  all: readonly Container[],
): (container: Container) => readonly [string, string] | undefined {
  const ids = new Map(
    all.flatMap(({ record }) => {
      const { labels } = record.resolved
      const name = labels[podLabel]
      return name !== undefined && labels[roleLabel] === 'infra' ? [[name, record.id]] : []
    }),
  )
  return ({ record }) => {
    const name = record.resolved.labels[podLabel]
    return name === undefined ? undefined : [ids.get(name) ?? '', name]
  }
}

/** `ps`, also `container ls` */
export const psCommand: Command = {
  usage: '[OPTIONS]',
  summary: 'List containers',
  flags: [
    flag('bool', 'all,a', 'Show all containers (default shows just running)'),
    flag('list', 'filter,f', 'Filter output based on conditions provided', { value: 'filter' }),
    flag('string', 'format', "Format output: 'table', 'table TEMPLATE', 'json' or a Go template"),
    flag('int', 'last,n', 'Show n last created containers (includes all states)', {
      default: '-1',
    }),
    flag('bool', 'latest,l', 'Show the latest created container (includes all states)'),
    flag('bool', 'no-trunc', "Don't truncate output"),
    flag('bool', 'pod,p', 'Display the pods of the containers'),
    flag('bool', 'quiet,q', 'Only display container IDs'),
    flag('bool', 'size,s', 'Display total file sizes'),
    flag(
      'string',
      'sort',
      'Sort by command, created, id, image, names, runningfor, size or status',
    ),
    flag('bool', 'noheading', 'Do not print the headings'),
  ],
  minimumArguments: 0,
  maximumArguments: 0,
  interspersed: true,
  async run({ flags, io, engine }) {
    const filters = parseFilters(flags.list('filter'), containerFilterNames)
    const last = flags.bool('latest') ? 1 : (flags.number('last') ?? -1)
    if (flags.bool('quiet') && flags.has('format'))
      throw new OperationError('INVALID_ARGUMENT', 'combine --quiet with --format')
    const size = flags.bool('size')
    const all = flags.bool('all') || last > 0 || needsAll(filters)
    // Filters like since= name containers that the shown ones are compared with.
    const listed = await (await engine()).list({ all: all || filters.length > 0, size })
    const found = filterContainers(listed, filters).filter(
      ({ state }) =>
        all ||
        state.status === 'running' ||
        state.status === 'paused' ||
        state.status === 'restarting',
    )
    const shown = sorted(last > 0 ? found.slice(0, last) : found, flags.string('sort'))
    const isTruncated = !flags.bool('no-trunc')
    if (flags.bool('quiet')) {
      for (const { record } of shown)
        io.stdout.write(`${isTruncated ? record.id.slice(0, 12) : record.id}\n`)
      return 0
    }
    const podId = podIds(listed)
    const rows = shown.map((container) => {
      const [id = '', name = ''] = podId(container) ?? []
      const row = containerRow(container, { isTruncated, nowMs: Date.now() })
      return { ...row, Pod: isTruncated ? id.slice(0, 12) : id, PodName: name }
    })
    const text = formatRows(rows, {
      format: flags.string('format'),
      defaultTable: defaultContainerTable(size, flags.bool('pod')),
      headers: containerHeaders,
    })
    io.stdout.write(flags.bool('noheading') ? text.replace(/^.*\n/, '') : text)
    return 0
  },
}
