import { close, directoryFlag, IN_ROOT, openBelow, relativePath } from './compilation.ts'
import type { Compilation } from './compilation.ts'
import { O, RESOLVE, S } from './flags/values.ts'
import type { Slot } from './operand.ts'

export interface TargetOptions {
  readonly path: string
  /** Whether to make a folder or a file where nothing is; `as-source`: what slot `mount` is. */
  readonly kind: 'folder' | 'file' | 'as-source'
  /** Fail on any symbolic link in the path (CVE-2019-19921: /proc and /sys). */
  readonly noSymlinks?: boolean
  readonly why: string
}

const source = 'openat2(2)'

/**
 * Inner half: slot `target` becomes the place `path` below slot `root`, made where it is missing. Every
 * step of the way is resolved by the kernel inside the root, so that a link of the
 * image, or one swapped in meanwhile, cannot lead out (CVE-2021-30465, CVE-2024-45310).
 */
export function openTarget(c: Compilation, options: TargetOptions): Slot {
  const { b } = c
  const target = b.slot('target')
  const path = relativePath(options.path)
  const resolve = options.noSymlinks === true ? RESOLVE.NO_SYMLINKS | RESOLVE.IN_ROOT : IN_ROOT
  const found = b.label('target found')
  const how = { flags: O.PATH, resolve, to: target, source }
  if (path === '.') {
    openBelow(c, b.slot('root'), path, { ...how, why: options.why })
    return target
  }
  openBelow(c, b.slot('root'), path, { ...how, ignore: ['ENOENT'], ifOk: found, why: options.why })
  const parent = makeParents(c, path, resolve)
  const name = path.slice(path.lastIndexOf('/') + 1)
  makeLast(c, parent, name, options.kind)
  const made = b.label('target made and open')
  if (options.kind !== 'folder') {
    openBelow(c, b.slot('root'), path, {
      ...how,
      ignore: ['ENOENT'],
      ifOk: made,
      why: options.why,
    })
    replaceDanglingLink(c, parent, name, options.kind)
  }
  openBelow(c, b.slot('root'), path, { ...how, why: options.why })
  b.place(made)
  if (parent !== b.slot('root')) close(c, parent, 'the target is open')
  b.place(found)
  return target
}

// Many images have /etc/resolv.conf as a link to what a service of theirs would make at run time.
function replaceDanglingLink(
  c: Compilation,
  parent: Slot,
  name: string,
  kind: TargetOptions['kind'],
): void {
  c.b.call('unlinkat', [parent, c.b.text(name), 0], {
    ignore: ['ENOENT'],
    why: 'something is there that leads nowhere: a link of the image to a file that does not exist',
    source: 'unlink(2)',
  })
  makeLast(c, parent, name, kind)
}

/** Make the folders above `path`; gives the slot of the innermost. */
export function makeParents(c: Compilation, path: string, resolve = IN_ROOT): Slot {
  const { b } = c
  const parts = path.split('/')
  let parent = b.slot('root')
  const walk = b.slot('walk')
  for (const depth of parts.keys()) {
    if (depth === parts.length - 1) break
    b.call('mkdirat', [parent, b.text(parts[depth] ?? ''), 0o755], {
      ignore: ['EEXIST'],
      why: 'one component at a time below a descriptor: a whole path could lead out through a link',
      source: 'mkdirat(2)',
    })
    if (depth > 0) close(c, parent, 'one step further down')
    openBelow(c, b.slot('root'), parts.slice(0, depth + 1).join('/'), {
      flags: O.PATH | directoryFlag(c),
      resolve,
      to: walk,
      why: 'the next component is made below this one',
      source,
    })
    parent = walk
  }
  return parent
}

function makeLast(c: Compilation, parent: Slot, name: string, kind: TargetOptions['kind']): void {
  const { b } = c
  const file = b.label('target is a file')
  const made = b.label('target made')
  if (kind === 'as-source') {
    b.call('openat', [b.slot('mount'), b.text('.'), O.PATH | directoryFlag(c) | O.CLOEXEC, 0], {
      to: b.slot('probe'),
      ignore: ['ENOTDIR'],
      ifIgnored: file,
      why: 'a file can only be mounted on a file, a folder on a folder',
      source: 'open_tree(2)',
    })
    close(c, b.slot('probe'), 'it only told a folder from a file')
  }
  if (kind !== 'file')
    b.call('mkdirat', [parent, b.text(name), 0o755], {
      ignore: ['EEXIST'],
      why: 'the image has no such folder to mount on',
      source: 'mkdirat(2)',
    })
  if (kind === 'as-source') b.jump(made, { why: 'made as a folder', source: 'mkdirat(2)' })
  b.place(file)
  if (kind !== 'folder')
    b.call('mknodat', [parent, b.text(name), S.IFREG | 0o644, 0], {
      ignore: ['EEXIST'],
      why: 'the image has no such file to mount on; mknod never follows or truncates',
      source: 'mknod(2)',
    })
  b.place(made)
}
