import { parseInteger } from '../../container/parse/integer.ts'
import type { Command } from '../command.ts'
import type { NamespaceReport } from '../engine.ts'
import { flag } from '../flag-spec.ts'
import { formatTable } from '../output/table.ts'

/** `ns` */
export const nsCommand: Command = {
  usage: 'PID [PID]',
  summary: 'Show the namespaces of a process, or compare those of two, and who else is in them',
  flags: [flag('string', 'format', "'json' for one object a process")],
  minimumArguments: 1,
  maximumArguments: 2,
  interspersed: true,
  async run({ flags, args, io, engine }) {
    const pids = args.map((text) => parseInteger('process id', text, 1, 4_194_304))
    const reports = await (await engine()).namespaces(pids)
    const [first, second] = reports
    if (flags.string('format') === 'json')
      for (const report of reports) io.stdout.write(`${JSON.stringify(report)}\n`)
    else if (first && second) io.stdout.write(formatTable(comparison(first, second)))
    else if (first) io.stdout.write(formatTable(single(first)))
    return 0
  },
}

function single({ namespaces }: NamespaceReport): string[][] {
  const rows = namespaces.map(({ kind, inode, members, memberCount }) => {
    const names = members.map(({ pid, command }) => `${pid} ${command}`)
    const more = memberCount > members.length ? [`and ${memberCount - members.length} more`] : []
    return [kind, inode, String(memberCount), [...names, ...more].join(', ')]
  })
  return [['NAMESPACE', 'INODE', 'OTHERS', 'WHO ELSE IS IN IT'], ...rows]
}

function comparison(first: NamespaceReport, second: NamespaceReport): string[][] {
  const rows = first.namespaces.map(({ kind, inode }) => {
    const other = second.namespaces.find((namespace) => namespace.kind === kind)?.inode ?? '-'
    return [kind, inode, other, inode === other ? 'shared' : 'different']
  })
  return [['NAMESPACE', title(first), title(second), ''], ...rows]
}

function title({ pid, command }: NamespaceReport): string {
  return `${pid} ${command}`
}
