import { lstatSync, readFileSync, readdirSync, readlinkSync } from 'node:fs'
import { join } from 'node:path'
import { getAttributeOfPath, listAttributesOfPath } from '../../native/xattr.ts'

/** Everything about a tree but its root: type, mode, owner, time, links, attributes and content. */
export function describeTree(folder: string, below = ''): Record<string, string> {
  const entries: Record<string, string> = {}
  for (const name of readdirSync(join(folder, below))) {
    const path = join(below, name)
    entries[path] = describeFile(join(folder, path))
    if (lstatSync(join(folder, path)).isDirectory())
      Object.assign(entries, describeTree(folder, path))
  }
  return entries
}

function describeFile(path: string): string {
  const status = lstatSync(path, { bigint: true })
  const { mode, uid, gid, mtimeNs, rdev, nlink } = status
  const links = status.isDirectory() ? '' : String(nlink)
  const device = status.isBlockDevice() || status.isCharacterDevice() ? String(rdev) : ''
  return [mode.toString(8), uid, gid, mtimeNs, links, device, attributes(path), content(path)].join(
    ' ',
  )
}

function content(path: string): string {
  const status = lstatSync(path)
  if (status.isSymbolicLink()) return readlinkSync(path)
  return status.isFile() ? readFileSync(path).toString('base64') : ''
}

function attributes(path: string): string {
  const names = listAttributesOfPath(path)
  if (typeof names === 'number') return ''
  return names
    .toSorted()
    .map((name) => {
      const value = getAttributeOfPath(path, name)
      return `${name}=${typeof value === 'number' ? value : value.toString('hex')}`
    })
    .join(',')
}
