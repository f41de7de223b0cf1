import { changeMode, changeOwner, setTimesAt } from '../../../native/file.ts'
import { setAttribute } from '../../../native/xattr.ts'
import { rawPath } from '../../../rootfs/layer/folder-cache.ts'
import { isAllowedAttribute } from '../../../rootfs/layer/plan.ts'
import type { TarEntry } from '../../../rootfs/layer/tar-entry.ts'
import { check } from './copy-failure.ts'

export interface Owner {
  readonly uid: number
  readonly gid: number
}

/** What of an entry's attributes a copy gets. */
export interface AttributeRules {
  /** Whom a copy belongs to, in ids of the disk. */
  readonly ownerOf: (entry: TarEntry) => Owner
  /** Whether extended attributes come along. */
  readonly keepAttributes: boolean
  /** Told what could not be kept. */
  readonly onNote: (note: string) => void
}

/** Owner, mode, attributes and time of an open file. The owner first: changing it takes set-user-id bits and capabilities away. */
export function setAttributesOf(
  rules: AttributeRules,
  descriptor: number,
  path: string,
  entry: TarEntry,
): void {
  const { uid, gid } = rules.ownerOf(entry)
  check('set an owner', path, changeOwner(descriptor, uid, gid))
  check('set a mode', path, changeMode(descriptor, entry.mode))
  if (rules.keepAttributes) setExtended(rules, descriptor, entry)
  setTimesAt(descriptor, null, entry.mtime, entry.mtime)
}

function setExtended({ onNote }: AttributeRules, descriptor: number, entry: TarEntry): void {
  for (const [name, value] of entry.xattrs)
    if (isAllowedAttribute(name) && setAttribute(descriptor, rawPath(name), value) < 0)
      onNote(`extended attribute ${name.slice(0, 60)} could not be kept`)
}
