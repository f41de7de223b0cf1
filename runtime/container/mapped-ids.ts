import { readFileSync } from 'node:fs'
import { OperationError } from '../../native/error.ts'
import type { HostFacts } from '../inspect-host/host-facts.ts'
import type { EngineContext } from './engine-context.ts'

/** First id inside and how many, of each row of /proc/PID/uid_map, user_namespaces(7). */
type IdRange = readonly [first: number, count: number]

/**
 * @throws {OperationError} `UNSUPPORTED` where a container's user is none that the user namespace
 *   of an ordinary user knows
 */
export function requireMappedUser(
  { facts }: EngineContext,
  user: { readonly uid: number; readonly gid: number },
): void {
  if (!facts.inUserNamespace) return
  requireMapped('uid', user.uid)
  requireMapped('gid', user.gid)
}

/** Whether the user namespace that the engine is in knows a group; the host's knows all. */
export function isGroupMapped({ inUserNamespace }: HostFacts, gid: number): boolean {
  return !inUserNamespace || isMapped('gid', gid)
}

function isMapped(kind: 'uid' | 'gid', id: number): boolean {
  return isIn(readRanges(`/proc/self/${kind}_map`), id)
}

function isIn(ranges: readonly IdRange[], id: number): boolean {
  return ranges.some(([first, count]) => id >= first && id < first + count)
}

function requireMapped(kind: 'uid' | 'gid', id: number): void {
  const ranges = readRanges(`/proc/self/${kind}_map`)
  if (isIn(ranges, id)) return
  const last = Math.max(...ranges.map(([first, count]) => first + count - 1))
  throw new OperationError(
    'UNSUPPORTED',
    `run a program as ${kind === 'uid' ? 'user' : 'group'} ${id}`,
    { known: last === 0 ? '0' : `0 to ${last}` },
    {
      hint: `An ordinary user has the ids that root gives him: usermod --add-subuids 100000-165535 --add-subgids 100000-165535 USER${last === 0 ? ', with newuidmap (package uidmap) installed' : ''}`,
    },
  )
}

function readRanges(path: string): IdRange[] {
  return readFileSync(path, 'latin1')
    .trim()
    .split('\n')
    .map((line) => line.trim().split(/\s+/).map(Number))
    .map(([first = 0, , count = 0]) => [first, count] as const)
}
