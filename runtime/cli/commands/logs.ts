import { parseInteger } from '../../container/parse/integer.ts'
import { parseTimestamp } from '../../container/parse/timestamp.ts'
import type { CommandIo } from '../command-io.ts'
import type { Command } from '../command.ts'
import type { Engine, LogEntry, LogsOptions } from '../engine.ts'
import { flag } from '../flag-spec.ts'
import type { FlagSpec } from '../flag-spec.ts'
import type { ParsedFlags } from '../parsed-flags.ts'

/** `logs` */
export const logsCommand: Command = {
  usage: '[OPTIONS] CONTAINER [CONTAINER...]',
  summary: 'Fetch the logs of one or more containers',
  flags: logsFlags(),
  minimumArguments: 1,
  interspersed: true,
  async run({ flags, args, io, engine }) {
    const opened = await engine()
    const found: LogSource[] = []
    for (const name of args)
      found.push(args.length === 1 ? { id: name, name } : (await opened.inspect(name)).record)
    await showLogs(opened, found, flags, io)
    return 0
  },
}

/** Those of `logs` and of `pod logs`. */
export function logsFlags(): FlagSpec[] {
  return [
    flag('bool', 'details', 'Show extra details provided to logs'),
    flag('bool', 'follow,f', 'Follow log output'),
    flag(
      'bool',
      'names',
      'Of several containers, begin lines with their names, not with their ids',
    ),
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
  ]
}

export interface LogSource {
  readonly id: string
  readonly name: string
}

/** One after the other, or all at once where they are followed. */
export async function showLogs(
  engine: Engine,
  sources: readonly LogSource[],
  flags: ParsedFlags,
  io: CommandIo,
): Promise<void> {
  const show = (one: LogSource): Promise<void> => {
    const word = flags.bool('names') ? one.name : one.id.slice(0, 12)
    return showOne(engine, one, { flags, io, word: sources.length > 1 ? `${word} ` : '' })
  }
  if (flags.bool('follow')) await Promise.all(sources.map(show))
  else for (const one of sources) await show(one)
}

interface Shown {
  readonly flags: ParsedFlags
  readonly io: CommandIo
  /** What each line begins with. */
  readonly word: string
}

async function showOne(
  engine: Engine,
  { id }: LogSource,
  { flags, io, word }: Shown,
): Promise<void> {
  const options = { ...readLogsFlags(flags, Date.now()), signal: io.signal }
  const prefixes = { timestamps: flags.bool('timestamps'), details: flags.bool('details') }
  const startsLine = { stdout: true, stderr: true }
  for await (const entry of engine.logs(id, options)) {
    const prefix = startsLine[entry.stream] ? `${word}${linePrefix(entry, prefixes)}` : ''
    if (prefix !== '') io[entry.stream].write(prefix)
    io[entry.stream].write(entry.data)
    startsLine[entry.stream] = entry.data.at(-1) === 10
  }
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
