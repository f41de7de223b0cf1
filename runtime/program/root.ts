import {
  BY_DESCRIPTOR,
  close,
  isNew,
  kernelAtLeast,
  refuseFeature,
  refuseSpec,
} from './compilation.ts'
import type { Compilation, ContainerCompilation } from './compilation.ts'
import type { CompileRoot } from './compile-input.ts'
import {
  AT,
  AT_FDCWD,
  FSCONFIG,
  MNT_DETACH,
  MOUNT_ATTR,
  MOVE_MOUNT,
  MS,
  O,
  OPEN_TREE,
} from './flags/values.ts'
import { directoryFlag } from './compilation.ts'
import type { Operand, Slot } from './operand.ts'
import { MOUNT_ATTR_SIZE, MOUNT_ATTR_USERNS_OFFSET, mountAttributes } from './structs.ts'
import { prepareMappingNamespace } from './user-namespace.ts'

/** fsconfig(2) copies at most this many bytes of a value, the NUL included. */
const MAX_FSCONFIG_VALUE = 256
/** mount(2) copies one page of options. */
const MAX_MOUNT_DATA = 4095

const overlay = 'https://docs.kernel.org/filesystems/overlayfs.html'

/** Whether the outer half must make the root: its files are mapped into a user namespace. */
export function isRootMapped(c: ContainerCompilation): boolean {
  return (
    c.isUserNamespaceNew && !c.base.host.rootless && (c.input.root.ownership ?? 'host') === 'host'
  )
}

/** Outer half: a root whose files keep the host's ids on disk and show the container's inside. */
export function prepareMappedRoot(c: ContainerCompilation): void {
  const { linux, input } = c
  const mappings = { uid: linux.uidMappings ?? [], gid: linux.gidMappings ?? [] }
  const userns = prepareMappingNamespace(c, 'rootMapping', mappings)
  const { root } = input
  if (root.kind === 'folder') {
    cloneTree(c, root.path, c.b.slot('root'), 0)
    mapMount(c, c.b.slot('root'), userns)
  } else mappedOverlay(c, root, userns)
  close(c, userns, 'the mounts hold the mappings')
}

/** Inner half: nothing mounted from here on may reach the host. */
export function isolateMounts(c: Compilation): void {
  const { b } = c
  const propagation =
    c.linux.rootfsPropagation?.includes('private') === true ? MS.PRIVATE : MS.SLAVE
  b.call(
    'mount_setattr',
    [
      AT_FDCWD,
      b.text('/'),
      AT.RECURSIVE,
      mountAttributes(b.data, { propagation }),
      MOUNT_ATTR_SIZE,
    ],
    {
      why: 'on a shared tree every mount of the container would show up on the host',
      source: 'mount_namespaces(7)',
    },
  )
}

/** Inner half: the root file system, attached where only this mount namespace sees it. */
export function makeRoot(c: ContainerCompilation): void {
  const { b, input } = c
  const { root } = input
  const slot = b.slot('root')
  if (!isRootMapped(c)) {
    if (root.kind === 'folder') cloneTree(c, root.path, slot, AT.RECURSIVE)
    else if (!usesMountApi(c, root)) return mountOverlay(c, root)
    else overlayByStrings(c, root)
  }
  b.call(
    'move_mount',
    [slot, b.text(''), AT_FDCWD, b.text(input.stateDir), MOVE_MOUNT.F_EMPTY_PATH],
    {
      why: 'pivot_root wants a mount point; the state folder serves, and only in this mount namespace',
      source: 'pivot_root(2)',
    },
  )
}

function usesMountApi(c: Compilation, root: CompileRoot & { kind: 'overlay' }): boolean {
  const longest = Math.max(
    ...[...root.lower, root.upper, root.work].map((path) => Buffer.byteLength(path)),
  )
  return kernelAtLeast(c, 6, 8) && longest < MAX_FSCONFIG_VALUE
}

function cloneTree(c: Compilation, path: string, to: Slot, recursive: number): void {
  c.b.call(
    'open_tree',
    [AT_FDCWD, c.b.text(path), OPEN_TREE.CLONE | OPEN_TREE.CLOEXEC | recursive],
    {
      to,
      why: 'a mount of its own for the root file system: pivot_root needs one, and the host’s table stays short',
      source: 'open_tree(2)',
    },
  )
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

function overlayByStrings(c: Compilation, root: CompileRoot & { kind: 'overlay' }): void {
  createOverlay(c, (context) => {
    for (const layer of root.lower.toReversed())
      setString(c, context, 'lowerdir+', layer, 'one layer; the topmost comes first')
    setString(c, context, 'upperdir', root.upper, 'receives what the container writes')
    setString(
      c,
      context,
      'workdir',
      root.work,
      'the kernel prepares each change there, so that it is all or nothing',
    )
    setOverlayFlags(c, context, root)
  })
}

function setOverlayFlags(
  c: Compilation,
  context: Slot,
  root: CompileRoot & { kind: 'overlay' },
): void {
  const { b } = c
  const flag = (name: string, why: string): void =>
    b.call('fsconfig', [context, FSCONFIG.SET_FLAG, b.text(name), 0, 0], { why, source: overlay })
  if (c.isUnprivileged && !isMappedBy(c))
    flag('userxattr', 'trusted attributes cannot be used from a user namespace')
  if (root.volatile === true)
    flag('volatile', 'the files go with the container, so waiting for the disk is wasted')
}

function isMappedBy(c: Compilation): boolean {
  return 'input' in c && isRootMapped(c as ContainerCompilation)
}

function setString(c: Compilation, context: Slot, key: string, value: string, why: string): void {
  const { b } = c
  b.call('fsconfig', [context, FSCONFIG.SET_STRING, b.text(key), b.text(value), 0], {
    why,
    source: overlay,
  })
}

function mappedOverlay(
  c: Compilation,
  root: CompileRoot & { kind: 'overlay' },
  userns: Slot,
): void {
  const { b } = c
  if (!kernelAtLeast(c, 6, 13))
    refuseFeature(
      'linux.uidMappings',
      { kernel: `${c.base.host.kernel.major}.${c.base.host.kernel.minor}`, needs: '6.13' },
      'Overlay layers cannot be mapped by descriptor on this kernel: run without a user namespace, or with files that already belong to the mapped ids',
    )
  const layer = b.slot('layer')
  const mapped = (path: string): void => {
    cloneTree(c, path, layer, 0)
    mapMount(c, layer, userns)
  }
  createOverlay(c, (context) => {
    const add = (key: string, path: string, why: string): void => {
      mapped(path)
      b.call('fsconfig', [context, FSCONFIG.SET_FD, b.text(key), 0, layer], {
        why,
        source: overlay,
      })
      close(c, layer, 'the file system holds the layer')
    }
    for (const path of root.lower.toReversed())
      add('lowerdir+', path, 'one layer; the topmost comes first')
    // Both must lie on the same mount, which two clones do not: one clone of their common parent.
    const parent = commonParent(root.upper, root.work)
    mapped(parent)
    for (const [key, path] of [
      ['upperdir', root.upper],
      ['workdir', root.work],
    ] as const) {
      const folder = b.slot('layerFolder')
      b.call(
        'openat',
        [layer, b.text(path.slice(parent.length + 1)), O.PATH | directoryFlag(c) | O.CLOEXEC, 0],
        {
          to: folder,
          why: 'both writable folders must be on one and the same mount',
          source: overlay,
        },
      )
      b.call('fsconfig', [context, FSCONFIG.SET_FD, b.text(key), 0, folder], {
        why: 'what the container writes keeps the host’s ids on disk',
        source: overlay,
      })
      close(c, folder, 'the file system holds the folder')
    }
    close(c, layer, 'the file system holds the layer')
    setOverlayFlags(c, context, root)
  })
}

function commonParent(left: string, right: string): string {
  const a = left.split('/')
  const b = right.split('/')
  let length = 0
  while (length < Math.min(a.length, b.length) - 1 && a[length] === b[length]) length++
  return a.slice(0, length).join('/')
}

/** Outer half: ids of `userns` inside stand for the ids on disk. */
export function mapMount(c: Compilation, mount: Slot, userns: Operand, recursive = 0): void {
  const { b } = c
  const attributes = mountAttributes(b.data, { set: MOUNT_ATTR.IDMAP })
  b.store(userns, attributes, MOUNT_ATTR_USERNS_OFFSET, 4, {
    why: 'the descriptor is known only now',
    source: 'mount_setattr(2)',
  })
  b.call(
    'mount_setattr',
    [mount, b.text(''), BY_DESCRIPTOR | recursive, attributes, MOUNT_ATTR_SIZE],
    {
      why: 'files would else belong to nobody inside, or have to be chowned one by one',
      source: 'mount_setattr(2)',
    },
  )
}

// Before Linux 6.8 layers are given in one string, which only mount(2) takes in full length.
function mountOverlay(c: ContainerCompilation, root: CompileRoot & { kind: 'overlay' }): void {
  const { b, input } = c
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
  b.call('mount', [b.text('overlay'), b.text(input.stateDir), b.text('overlay'), 0, b.text(text)], {
    why: 'layers are shared between containers; what this one writes goes to its own folder',
    source: overlay,
  })
  b.call('openat', [AT_FDCWD, b.text(input.stateDir), O.PATH | directoryFlag(c) | O.CLOEXEC, 0], {
    to: b.slot('root'),
    why: 'everything below the root is reached from this descriptor',
    source: 'openat(2)',
  })
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

/** Inner half: the container's root becomes `/` and the host's tree goes out of sight. */
export function pivot(c: Compilation): void {
  const { b } = c
  b.call('fchdir', [b.slot('root')], {
    why: 'pivot_root with dots needs no folder for the old root',
    source: 'pivot_root(2)',
  })
  b.call('pivot_root', [b.text('.'), b.text('.')], {
    why: 'chroot alone could be left again; this takes the host’s tree out of the namespace',
    source: 'pivot_root(2)',
  })
  b.call('umount2', [b.text('.'), MNT_DETACH], {
    why: 'the old root lies over the new one: until it is gone the host’s files can be reached',
    source: 'pivot_root(2)',
  })
  b.call('chdir', [b.text('/')], {
    why: 'the working folder must not be a leftover of the old tree',
    source: 'pivot_root(2)',
  })
  close(c, b.slot('root'), 'reached as / from here on')
}

const propagations: Readonly<Record<string, number>> = {
  private: MS.PRIVATE,
  shared: MS.SHARED,
  slave: MS.SLAVE,
  unbindable: MS.UNBINDABLE,
}

/** MS_* flag and recursion of a propagation word such as `rslave`. */
export function parsePropagation(word: string): { flag: number; recursive: number } | undefined {
  const flag =
    propagations[word] ?? (word.startsWith('r') ? propagations[word.slice(1)] : undefined)
  if (flag === undefined) return undefined
  return { flag, recursive: propagations[word] === undefined ? AT.RECURSIVE : 0 }
}

/** Inner half, after everything was mounted: `rootfsPropagation` and `root.readonly`. */
export function finishRoot(c: Compilation): void {
  const { b, linux, config } = c
  const word = linux.rootfsPropagation
  if (word !== undefined) {
    const propagation = parsePropagation(word)
    if (propagation === undefined) refuseSpec('linux.rootfsPropagation', { value: word })
    b.call(
      'mount_setattr',
      [
        AT_FDCWD,
        b.text('/'),
        propagation.recursive,
        mountAttributes(b.data, { propagation: propagation.flag }),
        MOUNT_ATTR_SIZE,
      ],
      {
        why: 'how later mounts inside spread, as the configuration says',
        source: 'mount_namespaces(7)',
      },
    )
  }
  if (config.root.readonly === true)
    b.call(
      'mount_setattr',
      [
        AT_FDCWD,
        b.text('/'),
        0,
        mountAttributes(b.data, { set: MOUNT_ATTR.RDONLY }),
        MOUNT_ATTR_SIZE,
      ],
      {
        why: 'only now: until here mount points had to be made in it',
        source: 'mount_setattr(2)',
      },
    )
}

/** Whether sysfs can be mounted: its network namespace must belong to the same user namespace. */
export function ownsNetwork(c: Compilation): boolean {
  return isNew(c, 'network') || !c.isUnprivileged
}
