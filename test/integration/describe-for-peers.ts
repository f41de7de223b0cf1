import { lstatSync, readFileSync, readdirSync, readlinkSync } from 'node:fs'
import { join } from 'node:path'
import { getAttributeOfPath } from '../../native/xattr.ts'

const oldest = Date.parse('2012-01-01T00:00:00Z')

/** Everything of a tree that a builder decides, by path: for comparison with what a peer built. */
export function describeForPeers(folder: string, below = ''): Record<string, string> {
  const files: Record<string, string> = {}
  for (const name of readdirSync(join(folder, below))) {
    const path = join(below, name)
    const at = join(folder, path)
    const { mode, uid, gid, mtimeMs, nlink } = lstatSync(at)
    const kind = mode & 0o170000
    const capability = getAttributeOfPath(at, 'security.capability')
    // Folders that something was put into have the time of the build in one, the old one in the other.
    const isOld = mtimeMs < oldest && kind !== 0o040000
    files[path] = [
      mode.toString(8),
      `${uid}:${gid}`,
      isOld ? Math.floor(mtimeMs / 1000) : '-',
      kind === 0o100000 ? `${nlink} ${readFileSync(at, 'latin1')}` : '',
      kind === 0o120000 ? readlinkSync(at) : '',
      typeof capability === 'number' ? '' : capability.toString('hex'),
    ].join(' ')
    if (kind === 0o040000) Object.assign(files, describeForPeers(folder, path))
  }
  return files
}
