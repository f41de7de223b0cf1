import {
  chmodSync,
  chownSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  readlinkSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs'
import { dirname, join } from 'node:path'
import { isSystemError } from '../../../native/system-error.ts'
import { podError } from '../environment/pod-error.ts'
import type { Payload, PayloadFile } from './payload.ts'

// A volume's files change all at once for whoever reads them: they lie in a folder of their own, `..data` points to
// it, and every name in the volume is a symlink through `..data`. A change is a new folder and one rename.

const current = '..data'
const next = '..data_tmp'

/**
 * Bring a volume folder to a payload; nothing happens where it is there already.
 *
 * @param group the pod's fsGroup, which may then read everything
 * @returns whether anything changed
 * @throws {OperationError} `INVALID_ARGUMENT` for a path that leads out of the volume
 */
export function writePayload(folder: string, payload: Payload, group?: number): boolean {
  for (const path of payload.keys()) checkPath(path)
  const before = readCurrent(folder)
  const links = new Set(Array.from(payload.keys(), (path) => path.split('/')[0]!))
  if (before !== undefined && isSame(join(folder, before), payload, group)) {
    showLinks(folder, links)
    return false
  }
  const version = makeVersion(folder, payload, group)
  rmSync(join(folder, next), { force: true })
  symlinkSync(version, join(folder, next))
  renameSync(join(folder, next), join(folder, current))
  showLinks(folder, links)
  removeOthers(folder, version, links)
  return true
}

/** A name that begins with two dots is ours; upstream refuses the same. */
function checkPath(path: string): void {
  const parts = path.split('/')
  const isBad = path === '' || path.startsWith('/') || path.startsWith('..') || parts.includes('..')
  if (isBad || path.includes('\0') || parts.includes('') || parts.includes('.'))
    throw podError('INVALID_ARGUMENT', `invalid path: ${path}`)
}

function readCurrent(folder: string): string | undefined {
  try {
    return readlinkSync(join(folder, current))
  } catch (error) {
    if (isSystemError(error, 'ENOENT')) return undefined
    throw error
  }
}

function isSame(folder: string, payload: Payload, group: number | undefined): boolean {
  const names = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((name) =>
    statSync(join(folder, name)).isFile(),
  )
  if (names.length !== payload.size) return false
  return Array.from(payload).every(([path, file]) => {
    const full = join(folder, path)
    const stat = statSync(full, { throwIfNoEntry: false })
    return (
      stat?.isFile() === true &&
      (stat.mode & 0o7777) === modeOf(file, group) &&
      stat.uid === (file.uid ?? process.geteuid?.()) &&
      (group === undefined || stat.gid === group) &&
      readFileSync(full).equals(file.data)
    )
  })
}

function modeOf(file: PayloadFile, group: number | undefined): number {
  return group === undefined ? file.mode : file.mode | 0o440
}

function makeVersion(folder: string, payload: Payload, group: number | undefined): string {
  const stamp = new Date().toISOString().slice(0, 19).replaceAll(/[-T:]/g, '_')
  const version = `..${stamp}.${String(process.hrtime.bigint() % 10_000_000_000n)}`
  makeFolder(join(folder, version), group)
  for (const [path, file] of payload) {
    const full = join(folder, version, path)
    makeFolders(join(folder, version), dirname(path), group)
    writeFileSync(full, file.data, { flag: 'wx', mode: 0o600 })
    if (file.uid !== undefined || group !== undefined) chownSync(full, file.uid ?? 0, group ?? 0)
    // Not by the mode of open(2): the process's umask is not to count, and chown(2) takes bits away.
    chmodSync(full, modeOf(file, group))
  }
  return version
}

function makeFolders(root: string, path: string, group: number | undefined): void {
  if (path === '.') return
  makeFolders(root, dirname(path), group)
  if (!statSync(join(root, path), { throwIfNoEntry: false })) makeFolder(join(root, path), group)
}

function makeFolder(path: string, group: number | undefined): void {
  mkdirSync(path)
  if (group !== undefined) chownSync(path, 0, group)
  chmodSync(path, group === undefined ? 0o755 : 0o2755)
}

function showLinks(folder: string, links: ReadonlySet<string>): void {
  for (const name of links)
    try {
      symlinkSync(join(current, name), join(folder, name))
    } catch (error) {
      if (!isSystemError(error, 'EEXIST')) throw error
    }
}

/** Names that are gone, and earlier versions, also those that a crash left. */
function removeOthers(folder: string, version: string, links: ReadonlySet<string>): void {
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const { name } = entry
    if (name === current || name === version || links.has(name)) continue
    const path = join(folder, name)
    if (entry.isSymbolicLink()) unlinkSync(path)
    else if (name.startsWith('..')) rmSync(path, { recursive: true, force: true })
  }
}
