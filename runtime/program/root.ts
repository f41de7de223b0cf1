import { BY_DESCRIPTOR, close, isNew, refuseSpec } from './compilation.ts'
import type { Compilation, ContainerCompilation } from './compilation.ts'
import { AT, AT_FDCWD, MNT_DETACH, MOUNT_ATTR, MOVE_MOUNT, MS } from './flags/values.ts'
import { MOUNT_ATTR_SIZE, mountAttributes } from './structs.ts'
import { cloneTree, mapMount } from './mapped-mount.ts'
import { mappedOverlay, mountOverlay, overlayByStrings, usesMountApi } from './overlay.ts'
import { prepareMappingNamespace } from './user-namespace.ts'

/**
 * Whether the outer half must make the root: its files are mapped into a user namespace, or it lies in a folder that the
 * root of that namespace may not enter.
 */
export function isRootMadeOutside(c: ContainerCompilation): boolean {
  const { root } = c.input
  const isOutside = (root.ownership ?? 'host') === 'host' || root.kind === 'folder'
  const isForeign = c.isForeign && !c.base.host.rootless && isOutside
  return isForeign || joinsMounts(c)
}

/** What the configuration names is a path of the runtime's namespace, wherever the container mounts it. */
export function joinsMounts({ namespaces }: Compilation): boolean {
  return namespaces.get('mount') !== undefined
}

/** Outer half: a root whose files keep the host's ids on disk and show the container's inside, or already have those. */
export function prepareRoot(c: ContainerCompilation): void {
  const { linux, input } = c
  if (input.root.kind === 'folder' && input.root.ownership === 'mapped') {
    cloneTree(c, input.root.path, c.b.slot('root'), AT.RECURSIVE)
    return partFromHost(c)
  }
  const mappings = { uid: linux.uidMappings ?? [], gid: linux.gidMappings ?? [] }
  const userns = prepareMappingNamespace(c, 'rootMapping', mappings)
  const { root } = input
  if (root.kind === 'folder') {
    cloneTree(c, root.path, c.b.slot('root'), 0)
    mapMount(c, c.b.slot('root'), userns)
    partFromHost(c)
  } else mappedOverlay(c, root, userns)
  close(c, userns, 'the mounts hold the mappings')
}

/** Outer half: a clone of a shared mount is shared as well, and such a root pivot_root does not take. */
function partFromHost(c: Compilation): void {
  const { b } = c
  const attributes = mountAttributes(b.data, { propagation: hostPropagation(c) })
  b.call(
    'mount_setattr',
    [b.slot('root'), b.text(''), BY_DESCRIPTOR | AT.RECURSIVE, attributes, MOUNT_ATTR_SIZE],
    {
      why: 'mounts of the container must not spread to where its files come from, and pivot_root wants no shared root',
      source: 'pivot_root(2)',
    },
  )
}

/** How what comes from the host is bound to it until the root is the container’s own. */
function hostPropagation({ linux }: Compilation): number {
  return linux.rootfsPropagation?.includes('private') === true ? MS.PRIVATE : MS.SLAVE
}

/** Inner half: nothing mounted from here on may reach the host. */
export function isolateMounts(c: Compilation): void {
  const { b } = c
  if (!isNew(c, 'mount')) return
  const propagation = hostPropagation(c)
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
  if (!isRootMadeOutside(c)) {
    if (root.kind === 'folder') cloneTree(c, root.path, slot, AT.RECURSIVE)
    else if (!usesMountApi(c, root)) return mountOverlay(c, root)
    else overlayByStrings(c, root)
  }
  if (!isNew(c, 'mount')) return attachAside(c)
  b.call('move_mount', [slot, b.text(''), AT_FDCWD, b.text('/'), MOVE_MOUNT.F_EMPTY_PATH], {
    why: 'pivot_root wants a mount point: over the old root, which every user can reach, and only in this mount namespace',
    source: 'pivot_root(2)',
  })
}

/** The root of a container without mounts of its own: where nobody looks for anything, and `delete` takes it away. */
function attachAside(c: ContainerCompilation): void {
  const { b } = c
  const source = 'mount_namespaces(7)'
  const place = b.text(`${c.base.stateDir}/rootfs`)
  b.call('mkdirat', [AT_FDCWD, place, 0o700], {
    ignore: ['EEXIST'],
    why: 'a place in the state folder, which goes with the container',
    source,
  })
  b.call('move_mount', [b.slot('root'), b.text(''), AT_FDCWD, place, MOVE_MOUNT.F_EMPTY_PATH], {
    why: 'this mount namespace is not the container’s own, so its / must stay what it is',
    source,
  })
  b.call(
    'mount_setattr',
    [
      b.slot('root'),
      b.text(''),
      BY_DESCRIPTOR | AT.RECURSIVE,
      mountAttributes(b.data, { propagation: MS.PRIVATE }),
      MOUNT_ATTR_SIZE,
    ],
    { why: 'mounts of the container must not spread to where its files come from', source },
  )
}

/** Inner half: the container's root becomes `/` and the host's tree goes out of sight. */
export function pivot(c: ContainerCompilation): void {
  const { b } = c
  if (c.input.noPivot === true || !isNew(c, 'mount')) return enterRoot(c)
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

/** Either the new root lies over the old one already, or the mount namespace is shared, and no root of it may change. */
function enterRoot(c: ContainerCompilation): void {
  const { b } = c
  const source = 'chroot(2)'
  b.call('fchdir', [b.slot('root')], { why: 'the mount itself, whatever its path shows', source })
  b.call('chroot', [b.text('.')], {
    why: 'pivot_root cannot work here (--no-pivot), or would move the root of others',
    source,
  })
  b.call('chdir', [b.text('/')], {
    why: 'the working folder must not be a leftover of the old tree',
    source,
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
  const isWhole = Object.hasOwn(propagations, word)
  const name = !isWhole && word.startsWith('r') ? word.slice(1) : word
  const flag = Object.hasOwn(propagations, name) ? propagations[name] : undefined
  return flag === undefined ? undefined : { flag, recursive: isWhole ? 0 : AT.RECURSIVE }
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
