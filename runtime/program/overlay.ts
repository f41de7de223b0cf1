import { close, directoryFlag, kernelAtLeast, refuseFeature } from './compilation.ts'
import type { Compilation } from './compilation.ts'
import type { CompileRoot } from './compile-input.ts'
import { AT_FDCWD, FSCONFIG, O } from './flags/values.ts'
import { cloneTree, mapMount } from './mapped-mount.ts'
import type { Slot } from './operand.ts'
import { hostId } from './user-namespace.ts'

type OverlayRoot = CompileRoot & { readonly kind: 'overlay' }

/** fsconfig(2) copies at most this many bytes of a value, the NUL included. */
const MAX_FSCONFIG_VALUE = 256
/** mount(2) copies one page of options. */
const MAX_MOUNT_DATA = 4095

const overlay = 'https://docs.kernel.org/filesystems/overlayfs.html'

export function usesMountApi(c: Compilation, root: OverlayRoot): boolean {
  const longest = Math.max(
    ...[...root.lower, root.upper, root.work].map((path) => Buffer.byteLength(path)),
  )
  return kernelAtLeast(c, 6, 8) && longest < MAX_FSCONFIG_VALUE
}

function createOverlay(c: Compilation, configure: (context: Slot) => void): void {
  const { b } = c
  const context = b.slot('context')
  b.call('fsopen', [b.text('overlay'), 1], {
    to: context,
    why: 'layers are shared between containers; what this one writes goes to its own folder',
    source: overlay,
  })
  configure(context)
  b.call('fsconfig', [context, FSCONFIG.CMD_CREATE, 0, 0, 0], {
    why: 'joins the layers into one file system',
    source: overlay,
  })
  b.call('fsmount', [context, 1, 0], {
    to: b.slot('root'),
    why: 'detached, so it is never in the host’s mount table',
    source: 'fsmount(2)',
  })
  close(c, context, 'the mount holds the file system')
}

export function overlayByStrings(c: Compilation, root: OverlayRoot): void {
  createOverlay(c, (context) => {
    for (const layer of root.lower.toReversed())
      setString(c, context, 'lowerdir+', layer, 'one layer; the topmost comes first')
    setWritable(c, context, root)
    setOverlayFlags(c, context, root)
  })
}

function setWritable(c: Compilation, context: Slot, { upper, work }: OverlayRoot): void {
  setString(c, context, 'upperdir', upper, 'receives what the container writes')
  const why = 'the kernel prepares each change there, so that it is all or nothing'
  setString(c, context, 'workdir', work, why)
}

function setOverlayFlags(c: Compilation, context: Slot, root: OverlayRoot, isMapped = false): void {
  const { b } = c
  const flag = (name: string, why: string): void =>
    b.call('fsconfig', [context, FSCONFIG.SET_FLAG, b.text(name), 0, 0], { why, source: overlay })
  if (c.isUnprivileged && !isMapped)
    flag('userxattr', 'trusted attributes cannot be used from a user namespace')
  if (hasLabel(c))
    setString(
      c,
      context,
      'context',
      mountLabel(c),
      'every file of it has the container’s SELinux label',
    )
  if (root.volatile === true)
    flag('volatile', 'the files go with the container, so waiting for the disk is wasted')
}

function setString(c: Compilation, context: Slot, key: string, value: string, why: string): void {
  const { b } = c
  b.call('fsconfig', [context, FSCONFIG.SET_STRING, b.text(key), b.text(value), 0], {
    why,
    source: overlay,
  })
}

/**
 * Outer half: layers by descriptors of mapped mounts, which must stay open until the file system is made: a
 * detached mount is gone with its last descriptor. The writable folders are not mapped: the kernel
 * works in them as the host's root, who has no id under the mapping.
 */
export function mappedOverlay(c: Compilation, root: OverlayRoot, userns: Slot): void {
  const { b } = c
  if (!kernelAtLeast(c, 6, 13)) refuseMappedOverlay(c)
  const source = overlay
  const layers = root.lower
    .toReversed()
    .map((path, index) => mappedLayer(c, path, `layer${index}`, userns))
  b.call('fchownat', [AT_FDCWD, b.text(root.upper), hostId(c, 'uid', 0), hostId(c, 'gid', 0), 0], {
    why: 'its owner is that of the container’s /: the root of the container, not of the host',
    source,
  })
  createOverlay(c, (context) => {
    for (const layer of layers)
      b.call('fsconfig', [context, FSCONFIG.SET_FD, b.text('lowerdir+'), 0, layer], {
        why: 'one layer; the topmost comes first',
        source,
      })
    setWritable(c, context, root)
    setOverlayFlags(c, context, root, true)
  })
  for (const layer of layers) close(c, layer, 'the file system holds it')
}

function mappedLayer(c: Compilation, path: string, name: string, userns: Slot): Slot {
  const layer = c.b.slot(name)
  cloneTree(c, path, layer, 0)
  mapMount(c, layer, userns)
  return layer
}

function refuseMappedOverlay({ base }: Compilation): never {
  const { major, minor } = base.host.kernel
  refuseFeature(
    'linux.uidMappings',
    { kernel: `${major}.${minor}`, needs: '6.13' },
    'Overlay layers cannot be mapped by descriptor on this kernel: run without a user namespace, or with files that already belong to the mapped ids',
  )
}

// Before Linux 6.8 layers are given in one string, which only mount(2) takes in full length.
export function mountOverlay(c: Compilation, root: OverlayRoot): void {
  const { b } = c
  const parent = commonParent(root.lower[0] ?? '/', root.lower.at(-1) ?? '/')
  const isShared = parent !== '' && root.lower.every((path) => path.startsWith(`${parent}/`))
  const lower = root.lower
    .toReversed()
    .map((path) => escapeLayer(isShared ? path.slice(parent.length + 1) : path))
  const options = [
    `lowerdir=${lower.join(':')}`,
    `upperdir=${escapeLayer(root.upper)}`,
    `workdir=${escapeLayer(root.work)}`,
  ]
  if (c.isUnprivileged) options.push('userxattr')
  if (root.volatile === true) options.push('volatile')
  if (hasLabel(c)) options.push(`context="${mountLabel(c)}"`)
  const text = options.join(',')
  if (Buffer.byteLength(text) > MAX_MOUNT_DATA)
    refuseFeature(
      'root',
      { layers: root.lower.length, bytes: Buffer.byteLength(text) },
      'Kernels before 6.8 take one page of layer names: use an image with fewer layers, or a newer kernel',
    )
  if (isShared)
    b.call('chdir', [b.text(parent)], {
      why: 'short layer names: all of them must fit into one page',
      source: 'mount(2)',
    })
  b.call('mount', [b.text('overlay'), b.text('/'), b.text('overlay'), 0, b.text(text)], {
    why: 'layers are shared between containers; what this one writes goes to its own folder',
    source: overlay,
  })
  b.call('openat', [AT_FDCWD, b.text('/..'), O.PATH | directoryFlag(c) | O.CLOEXEC, 0], {
    to: b.slot('root'),
    why: 'two dots at the top lead to what is mounted over it; everything inside is reached from here',
    source: 'openat(2)',
  })
}

function mountLabel({ linux }: Compilation): string {
  return linux.mountLabel ?? ''
}

function hasLabel(c: Compilation): boolean {
  return mountLabel(c) !== ''
}

function escapeLayer(path: string): string {
  if (path.includes(','))
    refuseFeature(
      'root',
      { path },
      'Move the folder: kernels before 6.8 cannot have a comma in a layer’s path',
    )
  return path.replaceAll(/[\\:]/g, String.raw`\$&`)
}

function commonParent(left: string, right: string): string {
  const a = left.split('/')
  const b = right.split('/')
  let length = 0
  while (length < Math.min(a.length, b.length) - 1 && a[length] === b[length]) length++
  return a.slice(0, length).join('/')
}
