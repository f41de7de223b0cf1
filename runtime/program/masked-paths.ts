import type { CallOptions } from './builder.ts'
import type { Label } from './program.ts'
import {
  attachMount,
  BY_DESCRIPTOR,
  close,
  directoryFlag,
  openBelow,
  relativePath,
} from './compilation.ts'
import type { Compilation } from './compilation.ts'
import {
  AT,
  AT_FDCWD,
  ERRNO,
  FSCONFIG,
  MOUNT_ATTR,
  O,
  OPEN_TREE,
  RESOLVE,
  F_DUPFD_CLOEXEC,
} from './flags/values.ts'
import { MOUNT_ATTR_SIZE, mountAttributes } from './structs.ts'

const source =
  'https://github.com/opencontainers/runtime-spec/blob/v1.3.0/config-linux.md#masked-paths'

/** Inner half, after pivot_root: `linux.maskedPaths` and `linux.readonlyPaths`. */
export function hidePaths(c: Compilation): void {
  const { linux } = c
  const masked = linux.maskedPaths ?? []
  if (masked.length > 0) {
    openVerifiedNull(c)
    openEmptyFolder(c)
  }
  for (const path of masked) maskPath(c, path)
  if (masked.length > 0) {
    close(c, c.b.slot('nullNode'), 'all masks are in place')
    close(c, c.b.slot('emptyTree'), 'all masks are in place')
  }
  for (const path of linux.readonlyPaths ?? []) protectPath(c, path)
  for (const tree of kernelTrees(c)) close(c, c.b.slot(tree), 'all of it is hidden or protected')
}

// CVE-2025-31133: an image with a link in place of /dev/null had the link's target mounted instead.
function openVerifiedNull(c: Compilation): void {
  const { b } = c
  const facts = b.data.scratch(256)
  openBelow(c, AT_FDCWD, '/dev/null', {
    flags: O.PATH,
    resolve: RESOLVE.NO_SYMLINKS,
    to: b.slot('nullNode'),
    why: 'masks files; a link planted in its place must not be followed (CVE-2025-31133)',
    source: 'openat2(2)',
  })
  b.call('statx', [b.slot('nullNode'), b.text(''), AT.EMPTY_PATH, 1, facts], {
    why: 'is it the null device at all?',
    source: 'statx(2)',
  })
  for (const [offset, number, name] of [
    [128, 1, 'major'],
    [132, 3, 'minor'],
  ] as const) {
    b.load(b.slot('number'), facts, offset, 4, {
      why: `${name} number of what lies at /dev/null`,
      source: 'statx(2)',
    })
    b.assert(b.slot('number'), number, ERRNO.EPERM, {
      why: 'anything but the null device would show instead of hiding (CVE-2025-31133)',
      source: 'null(4)',
    })
  }
}

/** Name of the slot with the mount at this destination, for those that paths are hidden in. */
export function kernelTree(destination: string): 'procTree' | 'sysTree' | undefined {
  const path = relativePath(destination)
  return path === 'proc' ? 'procTree' : path === 'sys' ? 'sysTree' : undefined
}

type KernelTree = 'procTree' | 'sysTree'

const treesOf = new WeakMap<Compilation, ReadonlySet<KernelTree>>()

/** Asked for each hidden path, so looked for once in a compilation. */
function kernelTrees(c: Compilation): ReadonlySet<KernelTree> {
  const known = treesOf.get(c)
  if (known) return known
  const trees = (c.config.mounts ?? []).map(({ destination }) => kernelTree(destination))
  const found = new Set(trees.filter((tree) => tree !== undefined))
  treesOf.set(c, found)
  return found
}

/**
 * Open what is to be hidden. Below /proc and /sys from the mount itself: whoever shares the root
 * could have swapped the name for a link, and a path that is not found is not hidden.
 */
function openHidden(c: Compilation, path: string, options: CallOptions): void {
  const [top = '', ...rest] = relativePath(path).split('/')
  const tree = kernelTree(top)
  const isInTree = tree !== undefined && rest.length > 0 && kernelTrees(c).has(tree)
  const resolve = RESOLVE.NO_MAGICLINKS | (isInTree ? RESOLVE.BENEATH : 0)
  const at = isInTree ? c.b.slot(tree) : AT_FDCWD
  openBelow(c, at, isInTree ? rest.join('/') : path, { ...options, flags: O.PATH, resolve })
}

function maskPath(c: Compilation, path: string): void {
  const { b } = c
  const [target, mount] = [b.slot('target'), b.slot('mount')]
  const next = b.label('next mask')
  const file = b.label('mask a file')
  const covered = b.label('cover it')
  openHidden(c, path, {
    to: target,
    ignore: ['ENOENT', 'ENOTDIR'],
    ifIgnored: next,
    why: `${path} tells or changes things of the whole machine`,
    source,
  })
  b.call('openat', [target, b.text('.'), O.PATH | directoryFlag(c) | O.CLOEXEC, 0], {
    to: b.slot('probe'),
    ignore: ['ENOTDIR'],
    ifIgnored: file,
    why: 'a folder is covered by a folder, a file by a file',
    source: 'move_mount(2)',
  })
  close(c, b.slot('probe'), 'it only told a folder from a file')
  takeEmptyFolder(c, covered)
  b.place(file)
  b.call(
    'open_tree',
    [b.slot('nullNode'), b.text(''), OPEN_TREE.CLONE | OPEN_TREE.CLOEXEC | AT.EMPTY_PATH],
    {
      to: mount,
      why: 'reads as empty, and writes to it vanish',
      source: 'open_tree(2)',
    },
  )
  b.place(covered)
  attachMount(c, mount, target, {
    why: `${path}: hidden for as long as the container lives`,
    source: 'move_mount(2)',
  })
  close(c, target, 'covered')
  close(c, mount, 'covered')
  b.place(next)
}

/** Slot `emptyTree`: an empty read-only folder, one file system that serves all masks. */
function openEmptyFolder(c: Compilation): void {
  const { b } = c
  const context = b.slot('context')
  b.call('fsopen', [b.text('tmpfs'), 1], {
    to: context,
    why: 'an empty folder to cover folders with',
    source: 'tmpfs(5)',
  })
  for (const [key, value] of [
    ['mode', '0755'],
    ['size', '4k'],
  ] as const)
    b.call('fsconfig', [context, FSCONFIG.SET_STRING, b.text(key), b.text(value), 0], {
      why: 'nothing is ever stored there, but it may be listed',
      source: 'tmpfs(5)',
    })
  b.call('fsconfig', [context, FSCONFIG.SET_FLAG, b.text('ro'), 0, 0], {
    why: 'nothing may be stored there',
    source: 'tmpfs(5)',
  })
  b.call('fsconfig', [context, FSCONFIG.CMD_CREATE, 0, 0, 0], {
    why: 'makes the empty folder',
    source: 'fsconfig(2)',
  })
  b.call(
    'fsmount',
    [context, 1, MOUNT_ATTR.RDONLY | MOUNT_ATTR.NOSUID | MOUNT_ATTR.NODEV | MOUNT_ATTR.NOEXEC],
    {
      to: b.slot('emptyTree'),
      why: 'detached until it covers something',
      source: 'fsmount(2)',
    },
  )
  close(c, context, 'the mount holds the file system')
}

/** Slot `mount` becomes the empty folder, or a clone of it. */
function takeEmptyFolder(c: Compilation, done: Label): void {
  const { b } = c
  const [mount, empty] = [b.slot('mount'), b.slot('emptyTree')]
  b.call('open_tree', [empty, b.text(''), OPEN_TREE.CLONE | OPEN_TREE.CLOEXEC | AT.EMPTY_PATH], {
    to: mount,
    ignore: ['EINVAL'],
    ifOk: done,
    why: 'one empty file system serves all masks',
    source: 'open_tree(2)',
  })
  b.call('fcntl', [empty, F_DUPFD_CLOEXEC, 3], {
    to: mount,
    why: 'the first mask takes the mount itself: before Linux 6.15 only one that covers something can be cloned',
    source: 'F_DUPFD_CLOEXEC(2const)',
  })
  b.jump(done, { why: 'the cover is ready', source: 'move_mount(2)' })
}

function protectPath(c: Compilation, path: string): void {
  const { b } = c
  const next = b.label('next read-only path')
  const [target, mount] = [b.slot('target'), b.slot('mount')]
  openHidden(c, path, {
    to: target,
    ignore: ['ENOENT', 'ENOTDIR'],
    ifIgnored: next,
    why: `${path}: writes there change the machine, not the container`,
    source,
  })
  b.call(
    'open_tree',
    [target, b.text(''), OPEN_TREE.CLONE | OPEN_TREE.CLOEXEC | AT.EMPTY_PATH | AT.RECURSIVE],
    {
      to: mount,
      why: 'a mount of its own, so that read-only holds for this part alone',
      source: 'open_tree(2)',
    },
  )
  b.call(
    'mount_setattr',
    [
      mount,
      b.text(''),
      BY_DESCRIPTOR | AT.RECURSIVE,
      mountAttributes(b.data, { set: MOUNT_ATTR.RDONLY }),
      MOUNT_ATTR_SIZE,
    ],
    {
      why: `${path}: can still be read`,
      source: 'mount_setattr(2)',
    },
  )
  attachMount(c, mount, target, {
    why: `${path}: read-only for as long as the container lives`,
    source: 'move_mount(2)',
  })
  close(c, target, 'covered')
  close(c, mount, 'covered')
  b.place(next)
}
