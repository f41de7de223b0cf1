import type { LogsOptions } from '../../cli/engine.ts'
import type { ProjectContainer } from './project-containers.ts'
import type { Session } from './session.ts'

export interface ShowLogsOptions extends LogsOptions {
  readonly timestamps: boolean
  readonly hasPrefix: boolean
  readonly hasColor: boolean
  /** All in one order by their times, where nothing is followed. */
  readonly inOrder: boolean
}

const colors = [36, 33, 32, 35, 34, 96, 93, 92, 95, 94]

/** `web-1  | `, as wide as the longest. */
export function logPrefixes(
  containers: readonly ProjectContainer[],
  { hasPrefix, hasColor }: Pick<ShowLogsOptions, 'hasPrefix' | 'hasColor'>,
): Map<string, string> {
  const names = containers.map(({ service, number, record, isOneOff }) =>
    isOneOff || record.name.endsWith(`${service}-${number}`) ? `${service}-${number}` : record.name,
  )
  const width = Math.max(0, ...names.map((name) => name.length))
  return new Map(
    containers.map(({ record }, index) => {
      const text = `${(names[index] ?? '').padEnd(width)}  | `
      const color = colors[index % colors.length]
      if (!hasPrefix) return [record.id, '']
      return [record.id, hasColor ? `\u001B[${color}m${text}\u001B[0m` : text]
    }),
  )
}

interface Line {
  readonly time: string
  readonly text: string
}

/** What containers wrote, each line behind the name of its container, until all have ended or `signal` says so. */
export async function showLogs(
  session: Session,
  containers: readonly ProjectContainer[],
  options: ShowLogsOptions,
): Promise<void> {
  const prefixes = logPrefixes(containers, options)
  const kept: Line[] = []
  await Promise.all(
    containers.map(async (container) => {
      const prefix = prefixes.get(container.record.id) ?? ''
      for await (const line of linesOf(session, container, options, prefix))
        if (options.inOrder) kept.push(line)
        else session.io.stdout.write(line.text)
    }),
  )
  for (const { text } of kept.toSorted((a, b) => (a.time < b.time ? -1 : 1)))
    session.io.stdout.write(text)
}

/** Whole lines: what a program writes piece by piece is not torn apart by what another one writes. */
async function* linesOf(
  { engine }: Session,
  { record }: ProjectContainer,
  options: ShowLogsOptions,
  prefix: string,
): AsyncGenerator<Line> {
  const open = { stdout: '', stderr: '' }
  for await (const entry of engine.logs(record.id, options)) {
    const stamp = options.timestamps ? `${entry.time} ` : ''
    const text = open[entry.stream] + new TextDecoder().decode(entry.data)
    const lines = text.split('\n')
    open[entry.stream] = lines.pop() ?? ''
    for (const line of lines) yield { time: entry.time, text: `${prefix}${stamp}${line}\n` }
  }
  for (const rest of Object.values(open))
    if (rest !== '') yield { time: '\uFFFF', text: `${prefix}${rest}\n` }
}
