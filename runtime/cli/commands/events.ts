import { parseTimestamp } from '../../container/parse/timestamp.ts'
import type { Command } from '../command.ts'
import type { EngineEvent } from '../engine.ts'
import { flag } from '../flag-spec.ts'
import { labelMatches, parseFilters } from '../output/filter-containers.ts'
import type { Filter } from '../output/filter-containers.ts'
import { formatRows } from '../output/format-rows.ts'
import type { Row } from '../output/format-rows.ts'

const filterNames = [
  'container',
  'event',
  'image',
  'label',
  'name',
  'network',
  'status',
  'type',
  'volume',
]

/** `events` */
export const eventsCommand: Command = {
  usage: '[OPTIONS]',
  summary: 'Get real time events',
  flags: [
    flag('list', 'filter,f', 'Filter output based on conditions provided', { value: 'filter' }),
    flag('string', 'format', "Format output: 'json' or a Go template"),
    flag('bool', 'no-stream', 'Print what is recorded and stop'),
    flag('string', 'since', 'Show all events created since timestamp'),
    flag('bool', 'stream', 'Go on with new events', { default: 'true' }),
    flag('string', 'until', 'Stream events until this timestamp'),
  ],
  minimumArguments: 0,
  maximumArguments: 0,
  interspersed: true,
  async run({ flags, io, engine }) {
    const filters = parseFilters(flags.list('filter'), filterNames)
    const [since, until] = [flags.string('since'), flags.string('until')]
    const now = Date.now()
    const options = {
      ...(since === undefined ? {} : { since: parseTimestamp(since, now) }),
      ...(until === undefined ? {} : { until: parseTimestamp(until, now) }),
      follow: !flags.bool('no-stream') && flags.bool('stream', true),
      signal: io.signal,
    }
    const format = flags.string('format')
    for await (const event of (await engine()).events(options)) {
      if (!isWanted(event, filters)) continue
      if (format === undefined) io.stdout.write(`${eventLine(event)}\n`)
      else io.stdout.write(formatRows([eventRow(event)], { format, defaultTable: '', headers: {} }))
    }
    return 0
  },
}

function isWanted(event: EngineEvent, filters: readonly Filter[]): boolean {
  const groups = Map.groupBy(filters, ({ name }) => name)
  return [...groups.values()].every((group) => group.some((filter) => matches(event, filter)))
}

function matches({ type, action, id, attributes }: EngineEvent, { name, value }: Filter): boolean {
  const isNamed = (kind: string) =>
    type === kind && (id.startsWith(value) || attributes['name'] === value)
  switch (name) {
    case 'type':
      return type === value
    case 'event':
    case 'status':
      return action === value || action.startsWith(`${value}:`)
    case 'label':
      return labelMatches(attributes, value)
    case 'image':
      return attributes['image'] === value || isNamed('image')
    case 'name':
      return attributes['name'] === value
    default:
      return isNamed(name)
  }
}

function eventLine({ type, action, id, attributes, time }: EngineEvent): string {
  const pairs = Object.entries(attributes).toSorted(([a], [b]) => (a < b ? -1 : 1))
  const list = pairs.map(([name, value]) => `${name}=${value}`).join(', ')
  return `${time} ${type} ${action} ${id}${list === '' ? '' : ` (${list})`}`
}

function eventRow({ type, action, id, attributes, time }: EngineEvent): Row {
  const seconds = Math.floor(Date.parse(time) / 1000)
  return {
    status: action,
    id,
    from: attributes['image'] ?? '',
    Type: type,
    Action: action,
    Status: action,
    ID: id,
    Name: attributes['name'] ?? '',
    Image: attributes['image'] ?? '',
    Actor: { ID: id, Attributes: attributes },
    scope: 'local',
    Time: time,
    time: seconds,
    timeNano: seconds * 1e9 + Number(`0.${/\.(\d+)/.exec(time)?.[1] ?? '0'}`) * 1e9,
  }
}
