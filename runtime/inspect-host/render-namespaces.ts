import type { NamespaceComparison, NamespaceMember, ProcessNamespaces } from './namespaces.ts'

/** A table for people; ends without a newline. At most `maxMembers` members a row. */
export function renderNamespaces(
  { pid, command, namespaces, hiddenProcesses }: ProcessNamespaces,
  { maxMembers = 6 }: { maxMembers?: number } = {},
): string {
  const title = ['KIND', 'INODE', 'SHARED WITH', 'OWNER', 'PROCESSES', 'MEMBERS']
  const rows = namespaces.map((namespace) => [
    namespace.type,
    namespace.inode,
    describeSharing(namespace.isHost, namespace.isOurs),
    namespace.ownerUid === undefined ? '-' : `uid ${namespace.ownerUid}`,
    String(namespace.members.length),
    listMembers(namespace.members, maxMembers),
  ])
  const facts = namespaces.flatMap(({ type, facts: own, forChildren }) => [
    ...own.map(({ name, value }) => `${type}: ${name}: ${value}`),
    ...(forChildren === undefined ? [] : [`${type}: children go into ${forChildren}`]),
  ])
  const hidden =
    hiddenProcesses === 0 ? [] : ['', `${hiddenProcesses} processes could not be looked at`]
  return [`${pid} ${command}`, '', ...alignColumns([title, ...rows]), '', ...facts, ...hidden].join(
    '\n',
  )
}

/** A table for people of what two processes share; ends without a newline. */
export function renderComparison({ left, right, rows }: NamespaceComparison): string {
  return alignColumns([
    ['KIND', '', nameOf(left), nameOf(right)],
    ...rows.map((row) => [
      row.type,
      row.isSame ? 'same' : 'different',
      row.leftInode,
      row.isSame ? '' : row.rightInode,
    ]),
  ]).join('\n')
}

function nameOf({ pid, command }: NamespaceMember): string {
  return `${pid} ${command}`
}

function describeSharing(isHost: boolean, isOurs: boolean): string {
  if (isHost) return 'host'
  return isOurs ? 'this process' : '-'
}

function listMembers(members: readonly NamespaceMember[], max: number): string {
  const shown = members.slice(0, max).map(({ pid, command }) => `${pid} ${command}`)
  const rest = members.length - shown.length
  return [...shown, ...(rest > 0 ? [`and ${rest} more`] : [])].join(', ')
}

/** Columns as wide as their widest cell, two spaces between, nothing after the last one. */
export function alignColumns(rows: readonly (readonly string[])[]): string[] {
  const widths: number[] = []
  for (const row of rows)
    for (const [at, cell] of row.entries()) widths[at] = Math.max(widths[at] ?? 0, cell.length)
  return rows.map((row) =>
    row
      .map((cell, at) => cell.padEnd(widths[at] ?? 0))
      .join('  ')
      .trimEnd(),
  )
}
