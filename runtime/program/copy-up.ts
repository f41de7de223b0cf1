import type { Mount } from '../spec/config.ts'
import { BY_DESCRIPTOR, close, directoryFlag } from './compilation.ts'
import type { Compilation } from './compilation.ts'
import { AT, FSCONFIG, O, OPEN_TREE } from './flags/values.ts'
import type { Slot } from './operand.ts'

const overlay = 'https://docs.kernel.org/filesystems/overlayfs.html'
const STATX_TYPE_AND_OWNER = 0x1b // type, mode, uid, gid
const STATX_SIZE = 256

/**
 * Inner half: `tmpcopyup`. What the image has at a place shows through a tmpfs there, and what is changed goes to
 * the tmpfs: an overlay instead of a copy, which costs as much as is written. Slot `mount` holds the tmpfs before and the
 * overlay after. Needs Linux 6.13, for an overlay of detached mounts.
 *
 * @param attributes MOUNT_ATTR_… flags of the result
 */
export function showThrough(
  c: Compilation,
  { destination }: Mount,
  target: Slot,
  attributes: number,
): void {
  const { b } = c
  const [tmpfs, lower, context] = [b.slot('mount'), b.slot('lower'), b.slot('context')]
  const folders = [b.slot('upper'), b.slot('work')] as const
  for (const [index, name] of ['upper', 'work'].entries()) makeFolder(c, name, folders[index]!)
  copyOwner(c, target, folders[0])
  b.call('open_tree', [target, b.text(''), OPEN_TREE.CLONE | OPEN_TREE.CLOEXEC | BY_DESCRIPTOR], {
    to: lower,
    why: `${destination}: what the image has there is to be seen, and never changed`,
    source: 'open_tree(2)',
  })
  b.call('fsopen', [b.text('overlay'), 1], {
    to: context,
    why: `${destination}: joins both`,
    source: overlay,
  })
  for (const [key, layer] of [
    ['lowerdir+', lower],
    ['upperdir', folders[0]],
    ['workdir', folders[1]],
  ] as const)
    b.call('fsconfig', [context, FSCONFIG.SET_FD, b.text(key), 0, layer], {
      why: 'by descriptor: neither has a path that could be swapped',
      source: overlay,
    })
  for (const flag of c.isUnprivileged ? ['volatile', 'userxattr'] : ['volatile'])
    b.call('fsconfig', [context, FSCONFIG.SET_FLAG, b.text(flag), 0, 0], {
      why: 'it is gone with the container, and its marks are those that this user may set',
      source: overlay,
    })
  b.call('fsconfig', [context, FSCONFIG.CMD_CREATE, 0, 0, 0], {
    why: `${destination}: makes the overlay`,
    source: overlay,
  })
  for (const slot of [tmpfs, lower, ...folders]) close(c, slot, 'the overlay holds it')
  b.call('fsmount', [context, 1, attributes], {
    to: tmpfs,
    why: 'detached: complete before anybody can see it',
    source: 'fsmount(2)',
  })
  close(c, context, 'the mount holds the file system')
}

function makeFolder(c: Compilation, name: string, to: Slot): void {
  const { b } = c
  b.call('mkdirat', [b.slot('mount'), b.text(name), 0o700], {
    why: 'a place for what is written, and one for the kernel to prepare it in',
    source: overlay,
  })
  b.call('openat', [b.slot('mount'), b.text(name), O.CLOEXEC | directoryFlag(c), 0], {
    to,
    why: 'the overlay takes it by descriptor',
    source: 'openat(2)',
  })
}

/** The root of an overlay has the owner and mode of the writable folder. */
function copyOwner(c: Compilation, from: Slot, to: Slot): void {
  const { b } = c
  const status = b.data.scratch(STATX_SIZE)
  const [uid, gid, mode] = [b.slot('uid'), b.slot('gid'), b.slot('mode')]
  const reason = { why: 'it is to look as in the image', source: 'statx(2)' }
  b.call('statx', [from, b.text(''), AT.EMPTY_PATH, STATX_TYPE_AND_OWNER, status], reason)
  // struct statx: stx_uid, stx_gid and stx_mode lie at 20, 24 and 28.
  b.load(uid, status, 20, 4, reason)
  b.load(gid, status, 24, 4, reason)
  b.load(mode, status, 28, 2, reason)
  b.call('fchown', [to, uid, gid], reason)
  b.call('fchmod', [to, mode], reason)
}
