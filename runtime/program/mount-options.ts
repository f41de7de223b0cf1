import { parsePropagation } from './root.ts'
import { MOUNT_ATTR, MOUNT_ATTR_ATIME } from './flags/values.ts'

/** The options of one mount, sorted by who gets them. */
export interface MountOptions {
  readonly isBind: boolean
  readonly isRecursive: boolean
  /** MOUNT_ATTR_* to set and to clear on this mount. */
  readonly set: number
  readonly clear: number
  /** The same for the whole tree (`rro`, …). */
  readonly recursiveSet: number
  readonly recursiveClear: number
  /** In order of appearance. */
  readonly propagation: readonly { readonly flag: number; readonly recursive: number }[]
  /** Flags of the file system itself: `ro`, `sync`, … */
  readonly fsFlags: readonly string[]
  /** What the file system gets: a flag has no value. */
  readonly data: readonly (readonly [key: string, value: string | undefined])[]
  readonly idmap: 'none' | 'plain' | 'recursive'
  readonly isRemount: boolean
  readonly copiesUp: boolean
}

type Change = readonly [set: number, clear: number]

const { RDONLY, NOSUID, NODEV, NOEXEC, NOATIME, STRICTATIME, NODIRATIME, NOSYMFOLLOW } = MOUNT_ATTR
// Any change of the access time mode clears its whole field first; RELATIME is the value 0.
const attributes: Readonly<Record<string, Change>> = {
  ro: [RDONLY, 0],
  rw: [0, RDONLY],
  nosuid: [NOSUID, 0],
  suid: [0, NOSUID],
  nodev: [NODEV, 0],
  dev: [0, NODEV],
  noexec: [NOEXEC, 0],
  exec: [0, NOEXEC],
  noatime: [NOATIME, MOUNT_ATTR_ATIME],
  atime: [0, MOUNT_ATTR_ATIME],
  relatime: [0, MOUNT_ATTR_ATIME],
  norelatime: [0, MOUNT_ATTR_ATIME],
  strictatime: [STRICTATIME, MOUNT_ATTR_ATIME],
  nostrictatime: [0, MOUNT_ATTR_ATIME],
  nodiratime: [NODIRATIME, 0],
  diratime: [0, NODIRATIME],
  nosymfollow: [NOSYMFOLLOW, 0],
  symfollow: [0, NOSYMFOLLOW],
}

// Flags of the superblock, and those that undo them or mean nothing to Linux any more.
const fsFlags = new Set(['sync', 'dirsync', 'lazytime', 'mand', 'iversion'])
const ignored = new Set([
  'defaults',
  'async',
  'nolazytime',
  'nomand',
  'loud',
  'silent',
  'noiversion',
])

/** Sort the options of a mount; see config.md#mounts for the names. */
export function parseMountOptions(options: readonly string[]): MountOptions {
  const at = {
    isBind: false,
    isRecursive: false,
    isRemount: false,
    copiesUp: false,
    idmap: 'none' as MountOptions['idmap'],
    plain: { set: 0, clear: 0 },
    tree: { set: 0, clear: 0 },
  }
  const propagation: { flag: number; recursive: number }[] = []
  const data: [string, string | undefined][] = []
  const superblock: string[] = []
  for (const option of options) {
    const spread = parsePropagation(option)
    const recursiveName = option.startsWith('r') ? option.slice(1) : ''
    if (Object.hasOwn(attributes, option)) {
      apply(at.plain, attributes[option]!)
      if (option === 'ro' || option === 'rw') setReadOnly(superblock, option === 'ro')
    } else if (option === 'bind' || option === 'rbind') {
      at.isBind = true
      at.isRecursive ||= option === 'rbind'
    } else if (spread !== undefined) propagation.push(spread)
    else if (Object.hasOwn(attributes, recursiveName)) apply(at.tree, attributes[recursiveName]!)
    else if (option === 'idmap') at.idmap = 'plain'
    else if (option === 'ridmap') at.idmap = 'recursive'
    else if (option === 'remount') at.isRemount = true
    else if (option === 'tmpcopyup') at.copiesUp = true
    else if (fsFlags.has(option)) superblock.push(option)
    else if (!ignored.has(option) && option !== '') data.push(splitOption(option))
  }
  return {
    isBind: at.isBind,
    isRecursive: at.isRecursive,
    isRemount: at.isRemount,
    copiesUp: at.copiesUp,
    idmap: at.idmap,
    set: at.plain.set,
    clear: at.plain.clear,
    recursiveSet: at.tree.set,
    recursiveClear: at.tree.clear,
    propagation,
    fsFlags: superblock,
    data,
  }
}

function apply(to: { set: number; clear: number }, [set, clear]: Change): void {
  to.set = (to.set & ~clear) | set
  to.clear = (to.clear & ~set) | clear
}

function setReadOnly(superblock: string[], isReadOnly: boolean): void {
  const at = superblock.indexOf('ro')
  if (isReadOnly && at === -1) superblock.push('ro')
  if (!isReadOnly && at !== -1) superblock.splice(at, 1)
}

function splitOption(option: string): [string, string | undefined] {
  const at = option.indexOf('=')
  return at === -1 ? [option, undefined] : [option.slice(0, at), option.slice(at + 1)]
}
