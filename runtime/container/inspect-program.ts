import { fstatSync, readSync, readdirSync } from 'node:fs'
import { posix } from 'node:path'
import { openFlags, readLinkAt } from '../../native/file.ts'
import type { Architecture } from '../../native/syscall-numbers/number.ts'
import { editDistance } from '../../rootfs/edit-distance.ts'
import { type ExecFacts, mayExecute } from '../program/diagnose-exec.ts'
import type { Process } from '../spec/config.ts'
import { type ContainerView, lookOnly, readOnly, withOpened } from './container-view.ts'

/** Enough for the headers of a program and the path of its loader behind them. */
const headBytes = 16 * 1024

export interface ProgramLookup {
  readonly process: Process
  readonly architecture: Architecture
  /** Ids of the container are those of the host, so owners can be compared. */
  readonly areIdsHosts: boolean
}

/** What lies at `path` of a container, for a program there that could not be executed. */
export function inspectProgram(
  view: ContainerView,
  path: string,
  { process, architecture, areIdsHosts }: ProgramLookup,
): ExecFacts {
  const exists = (other: string): boolean => isThere(view, absolute(process, other))
  const base = { head: new Uint8Array(), mode: 0, uid: 0, gid: 0, isNoexec: false }
  const user = areIdsHosts ? { user: userOf(process) } : {}
  const nothing: ExecFacts = { ...base, ...user, kind: 'missing', architecture, exists }
  const whole = absolute(process, path)
  const found = withOpened(view, whole, lookOnly, (descriptor): ExecFacts => {
    const stat = fstatSync(descriptor)
    const kind = stat.isFile() ? 'file' : stat.isDirectory() ? 'directory' : 'other'
    const { uid, gid } = stat
    const mode = stat.mode & 0o7777
    return { ...nothing, kind, mode, uid, gid, isNoexec: view.isNoexec(descriptor, whole) }
  })
  if (!found) return { ...nothing, danglingTo: readLink(view, whole) }
  const head = found.kind === 'file' ? withOpened(view, whole, readOnly, readHead) : undefined
  const allows = (other: string): boolean => !user.user || permits(view, other, user.user)
  return {
    ...found,
    head: head ?? found.head,
    isExecutable: (other) => allows(absolute(process, other)),
    closedFolder: foldersAbove(whole).find((folder) => !allows(folder)),
  }
}

/** readlinkat(2) with the link itself as descriptor; undefined where none is at the path. */
function readLink(view: ContainerView, path: string): string | undefined {
  try {
    return withOpened(view, path, lookOnly | openFlags.noFollow, (descriptor) => {
      const target = readLinkAt(descriptor, '')
      return typeof target === 'number' ? undefined : target.toString()
    })
  } catch {
    return undefined
  }
}

function isThere(view: ContainerView, path: string): boolean {
  return withOpened(view, path, lookOnly, () => true) ?? false
}

type User = NonNullable<ExecFacts['user']>

/** Execute permission of a file, or the right to enter a folder; root may enter every folder. */
function permits(view: ContainerView, path: string, user: User): boolean {
  const answer = withOpened(view, path, lookOnly, (descriptor) => {
    const stat = fstatSync(descriptor)
    return (user.uid === 0 && stat.isDirectory()) || mayExecute(stat, user)
  })
  return answer ?? true
}

/** `/a/b/c` lies below `/`, `/a` and `/a/b`. */
function foldersAbove(path: string): string[] {
  const folders: string[] = []
  for (let folder = path; folder !== '/';) {
    folder = posix.dirname(folder)
    folders.unshift(folder)
  }
  return folders
}

function userOf({ user }: Process): { uid: number; gids: readonly number[] } {
  return { uid: user.uid, gids: [user.gid, ...(user.additionalGids ?? [])] }
}

function readHead(descriptor: number): Uint8Array {
  const head = Buffer.alloc(headBytes)
  // The path may lead to something else than a moment ago.
  if (!fstatSync(descriptor).isFile()) return head.subarray(0, 0)
  return head.subarray(0, readSync(descriptor, head, 0, headBytes, 0))
}

/** Where a program is that has no slash in its name and was found in PATH, but not executed. */
export function findInPath(
  view: ContainerView,
  name: string,
  process: Process,
): string | undefined {
  return searchPath(process)
    .map((folder) => posix.join(folder, name))
    .find((path) => isThere(view, absolute(process, path)))
}

/** The PATH that the container's process has; execvp(3)'s own where it has none. */
export function searchPath({ env = [] }: Process): string[] {
  const entry = env.findLast((line) => line.startsWith('PATH='))
  const path = entry?.slice(5) ?? '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin'
  return [...new Set(path.split(':'))].map((folder) => (folder === '' ? '.' : folder))
}

/** A program of the container that a missing one was most likely meant to be. */
export function nearestProgram(
  view: ContainerView,
  name: string,
  process: Process,
): string | undefined {
  const base = posix.basename(name)
  const folders = name.includes('/')
    ? [posix.dirname(absolute(process, name)), ...searchPath(process)]
    : [...searchPath(process), ...usualFolders]
  const names = new Map<string, string>()
  for (const folder of folders)
    for (const entry of listFolder(view, absolute(process, folder)))
      if (!names.has(entry)) names.set(entry, posix.join(folder, entry))
  // One slip in a short name, more in a long one: anything further away is another program.
  let room = base.length < 3 ? 0 : Math.max(1, Math.floor(base.length / 4))
  let best: string | undefined
  for (const [candidate, path] of names) {
    const distance = editDistance(base, candidate)
    if (distance > room) continue
    best = path
    room = distance - 1
  }
  return best
}

/** Where programs are, whatever PATH says. */
const usualFolders = ['/usr/local/bin', '/usr/bin', '/bin', '/usr/sbin', '/sbin']

function listFolder(view: ContainerView, path: string): string[] {
  try {
    return (
      withOpened(view, path, readOnly, (descriptor) =>
        readdirSync(`/proc/self/fd/${descriptor}`),
      ) ?? []
    )
  } catch {
    return [] // No folder.
  }
}

function absolute({ cwd }: Process, path: string): string {
  return posix.resolve('/', cwd, path)
}
