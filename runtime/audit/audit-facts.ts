// What the kernel lets a running container do: read from its first process, not from what was asked for.

import { readFileSync, readlinkSync } from 'node:fs'
import { OperationError } from '../../native/error.ts'
import { capabilityNames } from '../inspect-host/capability-names.ts'
import type { LandlockLevel } from '../security/landlock.ts'
import { statusField } from '../inspect-host/host-facts.ts'
import { namespaceTypes } from '../inspect-host/namespaces.ts'
import type { NamespaceType } from '../inspect-host/namespaces.ts'

export interface AuditMount {
  readonly destination: string
  readonly fileSystem: string
  /** What stands before it: a device, or the name of the file system. */
  readonly source: string
  /** The part of that file system that is seen. */
  readonly root: string
  readonly isWritable: boolean
  readonly options: readonly string[]
}

export interface AuditFacts {
  readonly pid: number
  readonly user: { readonly uid: number; readonly gid: number; readonly groups: readonly number[] }
  readonly capabilities: {
    readonly effective: readonly string[]
    readonly permitted: readonly string[]
    readonly inheritable: readonly string[]
    readonly bounding: readonly string[]
    readonly ambient: readonly string[]
  }
  readonly noNewPrivileges: boolean
  /** Filters in a row: 0 means none. */
  readonly seccompFilters: number
  readonly seccompMode: 'none' | 'strict' | 'filter'
  /** Whether it is the host's. */
  readonly namespaces: readonly { readonly type: NamespaceType; readonly isHosts: boolean }[]
  /** Root inside is this user outside; 0: root itself. */
  readonly rootIs: number
  readonly mounts: readonly AuditMount[]
  /** AppArmor profile or SELinux label; `unconfined` where there is none. */
  readonly label: string
  /** How Landlock confines it, as it was started: the kernel does not tell. */
  readonly landlock: LandlockLevel
  /** Device rules of its OCI configuration. */
  readonly devices: readonly string[]
  /** -1: no limit. */
  readonly limits: { readonly memory: number; readonly pids: number }
}

/** @throws {OperationError} `BAD_STATE`: it ended meanwhile */
export function readAuditFacts(pid: number, config: unknown, landlock: LandlockLevel): AuditFacts {
  try {
    const status = readFileSync(`/proc/${pid}/status`, 'utf8')
    const field = (name: string): string => statusField(status, name) ?? ''
    const mask = (name: string): string[] => capabilityNames(BigInt(`0x${field(name) || '0'}`))
    const ids = (name: string): number[] => field(name).split(/\s+/).filter(Boolean).map(Number)
    return {
      pid,
      user: { uid: ids('Uid')[1] ?? 0, gid: ids('Gid')[1] ?? 0, groups: ids('Groups') },
      capabilities: {
        effective: mask('CapEff'),
        permitted: mask('CapPrm'),
        inheritable: mask('CapInh'),
        bounding: mask('CapBnd'),
        ambient: mask('CapAmb'),
      },
      noNewPrivileges: field('NoNewPrivs') === '1',
      seccompMode: (['none', 'strict', 'filter'] as const)[Number(field('Seccomp'))] ?? 'none',
      seccompFilters: Number(field('Seccomp_filters')) || 0,
      namespaces: namespaceTypes.map((type) => ({ type, isHosts: isHosts(pid, type) })),
      rootIs: rootOutside(readFileSync(`/proc/${pid}/uid_map`, 'utf8')),
      mounts: parseMounts(readFileSync(`/proc/${pid}/mountinfo`, 'utf8')),
      label: readLabel(pid),
      landlock,
      ...fromConfig(config),
    }
  } catch (cause) {
    if (cause instanceof OperationError) throw cause
    throw new OperationError(
      'BAD_STATE',
      'read what the container may do',
      { pid },
      { cause, hint: 'It must be running for that' },
    )
  }
}

/** PID 1's are the host's; a rootless user sees its own as such. */
function isHosts(pid: number, type: NamespaceType): boolean {
  const own = readlinkSync(`/proc/${pid}/ns/${type}`)
  for (const other of ['1', 'self'])
    try {
      return readlinkSync(`/proc/${other}/ns/${type}`) === own
    } catch {
      // Not ours to see.
    }
  return false
}

/** user_namespaces(7): `INSIDE OUTSIDE COUNT` a line. */
function rootOutside(map: string): number {
  const rows = map.split('\n').map((line) => line.trim().split(/\s+/).map(Number))
  const row = rows.find(([inside = -1, , count = 0]) => inside === 0 && count > 0)
  return row?.[1] ?? -1
}

/** proc_pid_mountinfo(5) */
export function parseMounts(text: string): AuditMount[] {
  return text
    .split('\n')
    .filter(Boolean)
    .map((line) => {
      const [before = '', after = ''] = line.split(' - ')
      const [, , , root = '', destination = '', options = ''] = before.split(' ')
      const [fileSystem = '', source = '', superOptions = ''] = after.split(' ')
      const words = options.split(',')
      return {
        destination: unescapePath(destination),
        root: unescapePath(root),
        fileSystem,
        source: unescapePath(source),
        isWritable: !words.includes('ro') && !superOptions.split(',').includes('ro'),
        options: words,
      }
    })
}

function unescapePath(text: string): string {
  return text.replaceAll(/\\([0-7]{3})/g, (_, octal: string) =>
    String.fromCodePoint(Number.parseInt(octal, 8)),
  )
}

function readLabel(pid: number): string {
  try {
    const text = readFileSync(`/proc/${pid}/attr/current`, 'utf8').replace(/\0?\n?$/, '')
    return text === '' ? 'unconfined' : text
  } catch {
    return 'unconfined'
  }
}

interface ConfigParts {
  readonly linux?: {
    readonly resources?: {
      readonly devices?: readonly {
        readonly allow?: boolean
        readonly type?: string
        readonly major?: number | bigint
        readonly minor?: number | bigint
        readonly access?: string
      }[]
      readonly memory?: { readonly limit?: number | bigint }
      readonly pids?: { readonly limit?: number | bigint }
    }
  }
}

function fromConfig(config: unknown): Pick<AuditFacts, 'devices' | 'limits'> {
  const { resources } = (config as ConfigParts).linux ?? {}
  const allowed = (resources?.devices ?? []).filter(({ allow }) => allow === true)
  return {
    devices: allowed.map(
      ({ type = 'a', major = '*', minor = '*', access = 'rwm' }) =>
        `${type} ${number(major)}:${number(minor)} ${access}`,
    ),
    limits: {
      memory: Number(resources?.memory?.limit ?? -1),
      pids: Number(resources?.pids?.limit ?? -1),
    },
  }
}

function number(value: number | bigint | string): string {
  return value === -1 || value === -1n ? '*' : String(value)
}
