import type { Device } from '../spec/config.ts'
import { attachMount, close, noFollowFlag, refuseSpec, relativePath } from './compilation.ts'
import type { ContainerCompilation } from './compilation.ts'
import { AT, AT_FDCWD, ERRNO, O, OPEN_TREE, RESOLVE, S } from './flags/values.ts'
import type { PlannedMount } from './mounts.ts'
import type { Slot } from './operand.ts'
import { makeParents, openTarget } from './targets.ts'

const source =
  'https://github.com/opencontainers/runtime-spec/blob/v1.3.0/config-linux.md#default-devices'

const defaultDevices: readonly Device[] = [
  ['null', 1, 3],
  ['zero', 1, 5],
  ['full', 1, 7],
  ['random', 1, 8],
  ['urandom', 1, 9],
  ['tty', 5, 0],
].map(([name, major, minor]) => ({
  path: `/dev/${name}`,
  type: 'c' as const,
  major: Number(major),
  minor: Number(minor),
}))

const links: readonly (readonly [name: string, target: string])[] = [
  ['fd', '/proc/self/fd'],
  ['stdin', '/proc/self/fd/0'],
  ['stdout', '/proc/self/fd/1'],
  ['stderr', '/proc/self/fd/2'],
  ['core', '/proc/kcore'],
  ['ptmx', 'pts/ptmx'],
]

/** Inner half, after the mounts: device nodes, the links beside them, the console. */
export function makeDevices(c: ContainerCompilation, mounts: readonly PlannedMount[]): void {
  const { b } = c
  const isHostDev = mounts.some(
    ({ mount, options }) => options.isBind && relativePath(mount.destination) === 'dev',
  )
  if (isHostDev) return
  const devices = new Map(defaultDevices.map((device) => [device.path, device]))
  for (const device of c.linux.devices ?? []) devices.set(`/${relativePath(device.path)}`, device)
  openTarget(c, {
    path: '/dev',
    kind: 'folder',
    noSymlinks: true,
    why: 'a link in place of /dev would have nodes made elsewhere (CVE-2026-41579)',
  })
  b.move(b.slot('dev'), b.slot('target'), {
    why: 'nodes and links are made below it',
    source: 'openat2(2)',
  })
  const isFresh = mounts.some(
    ({ mount, options }) => !options.isBind && relativePath(mount.destination) === 'dev',
  )
  for (const device of devices.values()) makeDevice(c, device, isFresh)
  for (const [name, target] of links)
    b.call('symlinkat', [b.text(target), b.slot('dev'), b.text(name)], {
      ignore: ['EEXIST'],
      why: `programs expect /dev/${name}`,
      source:
        'https://github.com/opencontainers/runtime-spec/blob/v1.3.0/runtime-linux.md#dev-symbolic-links',
    })
  if (c.base.stdio.kind === 'terminal') bindConsole(c)
  close(c, b.slot('dev'), 'its nodes are made')
}

/** @param isFresh nothing of the image is in /dev */
function makeDevice(c: ContainerCompilation, device: Device, isFresh: boolean): void {
  const path = relativePath(device.path)
  if (path.split('/').includes('..')) refuseSpec('linux.devices', { path: device.path })
  const name = path.startsWith('dev/') ? path.slice(4) : path
  const isInDev = path.startsWith('dev/') && !name.includes('/')
  const folder = isInDev
    ? c.b.slot('dev')
    : makeParents(c, path, RESOLVE.IN_ROOT | RESOLVE.NO_SYMLINKS)
  const last = path.slice(path.lastIndexOf('/') + 1)
  if (c.isUnprivileged && device.type !== 'p') bindNode(c, device, folder, last)
  else makeNode(c, device, folder, last, isFresh && isInDev)
  if (!isInDev && folder === c.b.slot('walk')) close(c, folder, 'the node is made')
}

function makeNode(
  c: ContainerCompilation,
  device: Device,
  folder: Slot,
  name: string,
  isFresh: boolean,
): void {
  const { b } = c
  const type = device.type === 'b' ? S.IFBLK : device.type === 'p' ? S.IFIFO : S.IFCHR
  const mode = (device.fileMode ?? 0o666) & 0o7777
  const number =
    device.type === 'p' ? 0 : deviceNumber(Number(device.major ?? 0), Number(device.minor ?? 0))
  const made = b.label('node made')
  const why = `${device.path} is what programs open; nodes of the host are not in this tree`
  const args = [folder, b.text(name), type | mode, number]
  // devpts may be in a fresh /dev, and nothing else that has a device's name.
  if (isFresh) b.call('mknodat', args, { ignore: ['EEXIST'], why, source })
  else {
    b.call('mknodat', args, { ignore: ['EEXIST'], ifOk: made, why, source })
    requireSameDevice(c, device, folder, name, type)
    b.place(made)
  }
  const [uid, gid] = [device.uid ?? 0, device.gid ?? 0]
  if (uid !== 0 || gid !== 0)
    b.call('fchownat', [folder, b.text(name), uid, gid, AT.SYMLINK_NOFOLLOW], {
      why: 'owner as the configuration has it',
      source: 'chown(2)',
    })
}

const STATX_TYPE = 1
const STATX_SIZE = 256

/** What the image has at the place of a device must be that device. */
function requireSameDevice(
  c: ContainerCompilation,
  device: Device,
  folder: Slot,
  name: string,
  type: number,
): void {
  const { b } = c
  const status = b.data.scratch(STATX_SIZE)
  const [same, number] = [b.label('of that type'), b.slot('number')]
  const reason = {
    why: `${device.path} is there already: it must be the device that the configuration asks for`,
    source: 'https://github.com/opencontainers/runtime-spec/blob/v1.3.0/config-linux.md#devices',
  }
  b.call('statx', [folder, b.text(name), AT.SYMLINK_NOFOLLOW, STATX_TYPE, status], reason)
  // struct statx: stx_mode lies at 28, stx_rdev_major and stx_rdev_minor at 128 and 132. Of the upper byte of the mode
  // the lowest bit is the owner's permission to read.
  b.load(number, status, 29, 1, reason)
  for (const upper of [type >> 8, (type >> 8) | 1]) b.jumpIfEqual(number, upper, same, reason)
  b.operation('FAIL', [ERRNO.EEXIST], reason)
  b.place(same)
  if (device.type === 'p') return
  for (const [offset, expected] of [
    [128, device.major],
    [132, device.minor],
  ] as const) {
    b.load(number, status, offset, 4, reason)
    b.assert(number, Number(expected ?? 0), ERRNO.EEXIST, reason)
  }
}

// mknod is refused in a user namespace; the node of the host is shown instead.
function bindNode(c: ContainerCompilation, device: Device, folder: Slot, name: string): void {
  const { b } = c
  b.call('open_tree', [AT_FDCWD, b.text(device.path), OPEN_TREE.CLONE | OPEN_TREE.CLOEXEC], {
    to: b.slot('mount'),
    why: `${device.path}: no nodes can be made in a user namespace, so the host’s is shown`,
    source: 'user_namespaces(7)',
  })
  mountOnFile(c, folder, name, 0o644)
}

function mountOnFile(c: ContainerCompilation, folder: Slot, name: string, mode: number): void {
  const { b } = c
  b.call('mknodat', [folder, b.text(name), S.IFREG | mode, 0], {
    ignore: ['EEXIST'],
    why: 'a place to mount on',
    source: 'mknod(2)',
  })
  b.call('openat', [folder, b.text(name), O.PATH | O.CLOEXEC | noFollowFlag(c), 0], {
    to: b.slot('target'),
    why: 'the file itself, never what a link points to',
    source: 'openat(2)',
  })
  attachMount(c, b.slot('mount'), b.slot('target'), {
    why: 'from descriptor to descriptor, so nothing can be swapped in between',
    source: 'move_mount(2)',
  })
  close(c, b.slot('mount'), 'mounted')
  close(c, b.slot('target'), 'mounted')
}

function bindConsole(c: ContainerCompilation): void {
  const { b } = c
  const none = b.label('console left out')
  b.call(
    'open_tree',
    [b.slot('terminal'), b.text(''), OPEN_TREE.CLONE | OPEN_TREE.CLOEXEC | AT.EMPTY_PATH],
    {
      to: b.slot('mount'),
      ignore: ['EINVAL'],
      ifIgnored: none,
      why: 'from the descriptor of the terminal: the name in /dev/pts could be swapped (CVE-2025-52565)',
      source: 'open_tree(2)',
    },
  )
  mountOnFile(c, b.slot('dev'), 'console', 0o600)
  b.place(none)
}

/** dev_t as mknod(2) takes it: 12 bits of major between two parts of the minor. */
export function deviceNumber(major: number, minor: number): number {
  return ((minor & 0xff) | (major << 8) | ((minor & ~0xff) << 12)) >>> 0
}
