import { existsSync, mkdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { OperationError } from '../../native/error.ts'
import { isSystemError } from '../../native/system-error.ts'
import type { IntelRdt } from '../spec/config.ts'

/** Where a container's share of caches and memory bandwidth is set, resctrl(5) of the kernel's documentation. */
export interface RdtGroup {
  /** Control group; that of the whole machine where closID is `/`. */
  readonly path: string
  /** Made for this container, and removed with it. */
  readonly isOwn: boolean
  /** Monitoring group, always of this container alone. */
  readonly monitor: string | undefined
}

/** @returns where resctrl is mounted; undefined: nowhere */
export function findResctrl(
  mountInfo = readFileSync('/proc/self/mountinfo', 'utf8'),
): string | undefined {
  const line = mountInfo.split('\n').find((one) => one.split(' - ')[1]?.startsWith('resctrl '))
  return line?.split(' ')[4]
}

/**
 * Where a container belongs; nothing is changed.
 *
 * @param resctrl mount point
 * @throws {OperationError} `UNSUPPORTED` without resctrl, `NOT_FOUND`, `ALREADY_EXISTS`
 * @see https://github.com/opencontainers/runtime-spec/blob/v1.3.0/config-linux.md#intelrdt
 */
export function planRdt(
  id: string,
  wish: IntelRdt | undefined,
  resctrl: string | undefined,
): RdtGroup | undefined {
  if (wish === undefined) return undefined
  const { closID, enableMonitoring } = wish
  if (resctrl === undefined)
    throw new OperationError(
      'UNSUPPORTED',
      'set linux.intelRdt: no resctrl is mounted',
      {},
      { hint: 'Mount it (mount -t resctrl resctrl /sys/fs/resctrl) on a processor that has it' },
    )
  const path = closID === '/' ? resctrl : join(resctrl, closID ?? id)
  const isThere = existsSync(path)
  if (closID === undefined && isThere) refuseTaken(path)
  if (closID !== undefined && !isThere && schemaLines(wish).length === 0)
    throw new OperationError(
      'NOT_FOUND',
      'use a resctrl group',
      { path },
      { hint: 'Make it, or give it a schema in linux.intelRdt' },
    )
  const monitor = enableMonitoring === true ? join(path, 'mon_groups', id) : undefined
  if (monitor !== undefined && existsSync(monitor)) refuseTaken(monitor)
  return { path, isOwn: closID === undefined, monitor }
}

function refuseTaken(path: string): never {
  throw new OperationError(
    'ALREADY_EXISTS',
    'make a resctrl group',
    { path },
    { hint: 'Remove it, or choose another id or closID' },
  )
}

/** In the order in which they are written. */
function schemaLines({ l3CacheSchema, memBwSchema, schemata = [] }: IntelRdt): string[] {
  return [l3CacheSchema, memBwSchema, ...schemata].filter(
    (line): line is string => (line ?? '') !== '',
  )
}

/**
 * Put the first process of a container into its group.
 *
 * @throws {OperationError} with nothing left behind that was not there
 */
export function enterRdt({ path, monitor }: RdtGroup, wish: IntelRdt, pid: number): void {
  const isNew = makeFolder(path)
  try {
    const { l3CacheSchema, memBwSchema, schemata = [] } = wish
    const pair = schemaLines({ l3CacheSchema, memBwSchema })
    if (isNew) writeLines(path, pair)
    else requireSame(path, pair)
    writeLines(path, schemata)
    write(join(path, 'tasks'), String(pid))
    if (monitor === undefined) return
    if (!makeFolder(monitor)) refuseTaken(monitor)
    write(join(monitor, 'tasks'), String(pid))
  } catch (error) {
    if (isNew) leaveRdt({ path, isOwn: true, monitor })
    throw error
  }
}

/** A further process of the container. */
export function joinRdt({ path, monitor }: RdtGroup, pid: number): void {
  for (const group of [path, ...(monitor === undefined ? [] : [monitor])])
    write(join(group, 'tasks'), String(pid))
}

/** Take away what was made for this container. */
export function leaveRdt({ path, isOwn, monitor }: RdtGroup): void {
  if (monitor !== undefined) removeFolder(monitor)
  if (isOwn) removeFolder(path)
}

/** @returns false where it was there */
function makeFolder(path: string): boolean {
  try {
    mkdirSync(path)
    return true
  } catch (cause) {
    if (isSystemError(cause, 'EEXIST')) return false
    throw new OperationError(
      'SYSCALL_FAILED',
      'make a resctrl group',
      { path },
      { cause, hint: 'Are there too many? See "ls /sys/fs/resctrl/info"' },
    )
  }
}

function removeFolder(path: string): void {
  try {
    rmdirSync(path)
  } catch (cause) {
    if (isSystemError(cause, 'ENOENT')) return
    throw new OperationError('SYSCALL_FAILED', 'remove a resctrl group', { path }, { cause })
  }
}

function writeLines(path: string, lines: readonly string[]): void {
  if (lines.length > 0) write(join(path, 'schemata'), lines.map((line) => `${line}\n`).join(''))
}

function write(path: string, text: string): void {
  try {
    writeFileSync(path, text, { flag: 'r+' })
  } catch (cause) {
    throw new OperationError(
      'SYSCALL_FAILED',
      'write to resctrl',
      { path, text: text.trim() },
      { cause, hint: 'See /sys/fs/resctrl/info/last_cmd_status' },
    )
  }
}

/** A group that was there already must have what is asked for. */
function requireSame(path: string, lines: readonly string[]): void {
  if (lines.length === 0) return
  const present = new Map(readFileSync(join(path, 'schemata'), 'utf8').split('\n').map(parseLine))
  for (const line of lines) {
    const [name, wanted] = parseLine(line)
    const found = present.get(name)
    const isSame = [...wanted].every(([domain, value]) => found?.get(domain) === value)
    if (isSame) continue
    throw new OperationError(
      'INVALID_SPEC',
      'use a resctrl group that has another schema',
      { path, wanted: line },
      { hint: 'Leave the schema out to use the group as it is, or choose another closID' },
    )
  }
}

/** `L3:0=ff;1=0f` as its name and the value of each domain, without zeros in front. */
function parseLine(line: string): [string, Map<string, string>] {
  const [name = '', domains = ''] = line.trim().split(':')
  const pairs = domains.split(';').filter(Boolean)
  return [
    name,
    new Map(
      pairs.map((pair) => {
        const [domain = '', value = ''] = pair.trim().split('=')
        return [domain, value.toLowerCase().replace(/^0+(?=.)/, '')]
      }),
    ),
  ]
}
