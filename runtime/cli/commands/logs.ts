import { parseInteger } from '../../container/parse/integer.ts'
import { parseTimestamp } from '../../container/parse/timestamp.ts'
import type { Command } from '../command.ts'
import type { LogEntry, LogsOptions } from '../engine.ts'
import { flag } from '../flag-spec.ts'
import type { ParsedFlags } from '../parsed-flags.ts'

/** `logs` */
export const logsCommand: Command = {
  usage: '[OPTIONS] CONTAINER',
  summary: 'Fetch the logs of a container',
  flags: [
    flag('bool', 'details', 'Show extra details provided to logs'),
    flag('bool', 'follow,f', 'Follow log output'),
    flag(
      'string',
      'since',
      'Show logs since timestamp (e.g. "2013-01-02T13:23:37Z") or relative (e.g. "42m" for 42 minutes)',
    ),
    flag('string', 'tail,n', 'Number of lines to show from the end of the logs', {
      default: 'all',
    }),
    flag('bool', 'timestamps,t', 'Show timestamps'),
    flag(
      'string',
      'until',
      'Show logs before a timestamp (e.g. "2013-01-02T13:23:37Z") or relative (e.g. "42m" for 42 minutes)',
    ),
  ],
  minimumArguments: 1,
  maximumArguments: 1,
  interspersed: true,
  async run({ flags, args, io, engine }) {
    const options = { ...readLogsFlags(flags, Date.now()), signal: io.signal }
    const prefixes = { timestamps: flags.bool('timestamps'), details: flags.bool('details') }
    const startsLine = { stdout: true, stderr: true }
    for await (const entry of (await engine()).logs(args[0] ?? '', options)) {
      const prefix = startsLine[entry.stream] ? linePrefix(entry, prefixes) : ''
      if (prefix !== '') io[entry.stream].write(prefix)
      io[entry.stream].write(entry.data)
      startsLine[entry.stream] = entry.data.at(-1) === 10
    }
    return 0
  },
}

function readLogsFlags(flags: ParsedFlags, nowMs: number): LogsOptions {
  const [since, until, tail] = ['since', 'until', 'tail'].map((name) => flags.string(name))
  return {
    follow: flags.bool('follow'),
    ...(since === undefined ? {} : { since: parseTimestamp(since, nowMs) }),
    ...(until === undefined ? {} : { until: parseTimestamp(until, nowMs) }),
    // Docker takes any negative number for "all" too.
    ...(tail === undefined || tail === 'all' || /^-\d+$/.test(tail)
      ? {}
      : { tail: parseInteger('tail', tail, 0, Number.MAX_SAFE_INTEGER) }),
  }
}

function linePrefix(entry: LogEntry, show: { timestamps: boolean; details: boolean }): string {
  const attributes = Object.entries(entry.attributes ?? {})
  const details = attributes.map(([name, value]) => `${name}=${value}`).join(',')
  return `${show.timestamps ? `${entry.time} ` : ''}${show.details ? `${details} ` : ''}`
}
