import type { AuditReport } from '../../audit/audit-container.ts'
import type { Command } from '../command.ts'
import { flag } from '../flag-spec.ts'
import { formatTable } from '../output/table.ts'
import { humanSize } from '../../../rootfs/human-size.ts'

/** `audit`: ends with 1 where something critical is found, so that scripts can ask. */
export const auditCommand: Command = {
  usage: '[OPTIONS] CONTAINER',
  summary: 'Show what a running container can do, as the kernel has it, and what is risky about it',
  flags: [flag('string', 'format', "'json' for the whole report as one object")],
  minimumArguments: 1,
  maximumArguments: 1,
  interspersed: true,
  async run({ flags, args, io, engine }) {
    const report = await (await engine()).audit(args[0] ?? '')
    io.stdout.write(
      flags.string('format') === 'json' ? `${JSON.stringify(report)}\n` : describe(report),
    )
    return report.risks.some(({ level }) => level === 'critical') ? 1 : 0
  },
}

function describe(report: AuditReport): string {
  const { risks } = report
  const rows = risks.map(({ level, finding, consequence, cure }) => [
    level.toUpperCase(),
    finding,
    consequence,
    cure,
  ])
  const table =
    rows.length === 0
      ? 'Nothing risky was found.\n'
      : formatTable([['RISK', 'FINDING', 'WHO TAKES IT OVER', 'CURE'], ...rows])
  return `${formatTable(may(report))}\n${table}`
}

/** File systems in which nothing is kept. */
const kernels: ReadonlySet<string> = new Set(['proc', 'devpts', 'mqueue', 'nsfs'])
/** Writable places that are listed; JSON has all of them. */
const shown = 15

function may({ name, facts }: AuditReport): string[][] {
  const { user, capabilities, namespaces, rootIs, limits, mounts } = facts
  const own = namespaces.filter(({ isHosts }) => !isHosts).map(({ type }) => type)
  const shared = namespaces.filter(({ isHosts }) => isHosts).map(({ type }) => type)
  const list = (words: readonly string[]): string => (words.length === 0 ? '-' : words.join(' '))
  const short = (names: readonly string[]): string => list(names.map((one) => one.slice(4)))
  const writable = mounts
    .filter(({ isWritable, fileSystem }) => isWritable && !kernels.has(fileSystem))
    .map(({ destination }) => destination)
  const more = writable.length > shown ? [`and ${writable.length - shown} more`] : []
  return [
    ['CONTAINER', `${name} (process ${facts.pid})`],
    ['User', `${user.uid}:${user.gid}, groups ${list(user.groups.map(String))}`],
    ['Root outside', rootIs < 0 ? 'nobody' : String(rootIs)],
    ['Effective', short(capabilities.effective)],
    ['Bounding', short(capabilities.bounding)],
    ['Ambient', short(capabilities.ambient)],
    ['Seccomp', `${facts.seccompMode}, ${facts.seccompFilters} filters`],
    ['No new privileges', facts.noNewPrivileges ? 'yes' : 'no'],
    ['Label', facts.label],
    ['Landlock', facts.landlock],
    ['Own namespaces', list(own)],
    ['Shared with host', list(shared)],
    ['Devices', facts.devices.length === 0 ? '-' : facts.devices.join(', ')],
    ['Memory limit', limits.memory > 0 ? humanSize(limits.memory) : 'none'],
    ['Process limit', limits.pids > 0 ? String(limits.pids) : 'none'],
    ['Writable', list([...writable.slice(0, shown), ...more])],
  ]
}
