import { readdirSync, readFileSync, readlinkSync } from 'node:fs'
import { OperationError } from '../../native/error.ts'
import { errnoOf } from '../cgroup/cgroup-files.ts'
import { statusField } from './host-facts.ts'

/** Namespace kinds as `/proc/PID/ns` names them. */
export type NamespaceType = 'cgroup' | 'ipc' | 'mnt' | 'net' | 'pid' | 'time' | 'user' | 'uts'

export const namespaceTypes: readonly NamespaceType[] = [
  'cgroup',
  'ipc',
  'mnt',
  'net',
  'pid',
  'time',
  'user',
  'uts',
]

// Fixed since Linux 3.8 (include/linux/proc_ns.h); mnt and net are numbered at boot.
const initialInodes: Readonly<Partial<Record<NamespaceType, string>>> = {
  ipc: '4026531839',
  uts: '4026531838',
  user: '4026531837',
  pid: '4026531836',
  cgroup: '4026531835',
  time: '4026531834',
}

export interface NamespaceMember {
  readonly pid: number
  /** Name of the program (`comm`). */
  readonly command: string
}

export interface NamespaceInfo {
  readonly type: NamespaceType
  /** Identity of the namespace. */
  readonly inode: string
  /** Whether this very process is in it too. */
  readonly isOurs: boolean
  /** Whether it is the host's own, as far as this process can see. */
  readonly isHost: boolean
  /** Inode of the namespace that children go into, where it is another one (pid and time). */
  readonly forChildren?: string | undefined
  /** Every process in it that we may look at, the given one included, ascending. */
  readonly members: readonly NamespaceMember[]
  /** What else the kernel tells: id maps, nested pids, clock offsets, interfaces. */
  readonly facts: readonly { readonly name: string; readonly value: string }[]
}

export interface ProcessNamespaces {
  readonly pid: number
  readonly command: string
  readonly namespaces: readonly NamespaceInfo[]
  /** Processes whose namespaces this user may not read; they may be members too. */
  readonly hiddenProcesses: number
}

/**
 * The namespaces of a process, and who else is in them.
 *
 * @param pid as this pid namespace numbers it
 * @throws {OperationError} `NOT_FOUND` for no such process, `SYSCALL_FAILED` without permission
 */
export function describeNamespaces(pid: number): ProcessNamespaces {
  const inodes = requireInodes(pid)
  const ours = readInodes('self')
  // Process 1 may be out of reach even for root (it can hold more capabilities); kthreadd is not.
  const init = new Map([...readInodes('2'), ...readInodes('1')])
  const members = new Map<string, NamespaceMember[]>()
  let hiddenProcesses = 0
  for (const other of listProcesses()) {
    const theirs = readInodes(String(other))
    if (theirs.size === 0) hiddenProcesses++
    const member = { pid: other, command: readCommand(other) }
    for (const [type, inode] of theirs)
      if (inodes.get(type) === inode) members.set(type, [...(members.get(type) ?? []), member])
  }
  const namespaces = namespaceTypes.flatMap((type): NamespaceInfo[] => {
    const inode = inodes.get(type)
    if (inode === undefined) return []
    const forChildren = inodes.get(`${type}_for_children`)
    return [
      {
        type,
        inode,
        isOurs: ours.get(type) === inode,
        isHost: initialInodes[type] === inode || init.get(type) === inode,
        forChildren: forChildren === inode ? undefined : forChildren,
        members: members.get(type) ?? [],
        facts: readFacts(pid, type),
      },
    ]
  })
  return { pid, command: readCommand(pid), namespaces, hiddenProcesses }
}

/** Inode by entry of `/proc/PID/ns`; empty when the process is gone or may not be read. */
function readInodes(pid: string): Map<string, string> {
  const inodes = new Map<string, string>()
  try {
    for (const entry of readdirSync(`/proc/${pid}/ns`)) {
      const link = readlinkSync(`/proc/${pid}/ns/${entry}`)
      inodes.set(entry, link.slice(link.indexOf('[') + 1, -1))
    }
  } catch {
    // Gone, or another user's.
  }
  return inodes
}

function requireInodes(pid: number): Map<string, string> {
  if (!Number.isSafeInteger(pid) || pid <= 0)
    throw new OperationError('INVALID_ARGUMENT', 'read a process id', { value: pid })
  const inodes = readInodes(String(pid))
  if (inodes.size > 0) return inodes
  const step = 'read the namespaces of a process'
  try {
    readlinkSync(`/proc/${pid}/ns/mnt`)
  } catch (cause) {
    const errno = errnoOf(cause)
    if (errno !== 'ENOENT' && errno !== 'ESRCH') {
      const hint =
        process.geteuid?.() === 0
          ? 'It has privileges that we lack (more capabilities, or an outer user namespace)'
          : 'It belongs to another user: run as root'
      throw new OperationError('SYSCALL_FAILED', step, { pid, errno }, { cause, hint })
    }
  }
  throw new OperationError('NOT_FOUND', step, { pid }, { hint: 'No process has this id' })
}

function listProcesses(): number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .toSorted((a, b) => a - b)
}

function readProcessFile(pid: number, file: string): string {
  try {
    return readFileSync(`/proc/${pid}/${file}`, 'utf8')
  } catch {
    return ''
  }
}

function readCommand(pid: number): string {
  return readProcessFile(pid, 'comm').trim()
}

function readFacts(pid: number, type: NamespaceType): NamespaceInfo['facts'] {
  const file = (name: string): string => readProcessFile(pid, name)
  const facts = {
    user: () => [
      ['uid map', inOneLine(file('uid_map'))],
      ['gid map', inOneLine(file('gid_map'))],
      ['setgroups', file('setgroups').trim()],
    ],
    pid: () => [
      ['pids, outermost first', statusField(file('status'), 'NSpid').replaceAll('\t', ' ')],
    ],
    time: () => [['clock offsets', inOneLine(file('timens_offsets'))]],
    net: () => [['interfaces', listInterfaces(file('net/dev'))]],
    mnt: () => [['mounts', String(file('mountinfo').split('\n').length - 1)]],
    cgroup: () => [['v2 group', /^0::(.*)$/m.exec(file('cgroup'))?.[1] ?? '']],
    ipc: () => [],
    uts: () => [],
  }[type]()
  return facts.map(([name = '', value = '']) => ({ name, value })).filter((fact) => fact.value)
}

function inOneLine(table: string): string {
  return table
    .trim()
    .split('\n')
    .map((line) => line.trim().replaceAll(/\s+/g, ' '))
    .join(', ')
}

function listInterfaces(netDev: string): string {
  return [...netDev.matchAll(/^\s*([^\s:]+):/gm)].map((found) => found[1]).join(' ')
}
