import type { Mount } from '../spec/config.ts'
import {
  attachMount,
  BY_DESCRIPTOR,
  close,
  isNew,
  refuseFeature,
  refuseSpec,
  relativePath,
} from './compilation.ts'
import type { Compilation, ContainerCompilation } from './compilation.ts'
import {
  AT,
  AT_FDCWD,
  FSCONFIG,
  MOUNT_ATTR,
  MOUNT_ATTR_ATIME,
  MS,
  OPEN_TREE,
} from './flags/values.ts'
import { parseMountOptions } from './mount-options.ts'
import type { MountOptions } from './mount-options.ts'
import type { Slot } from './operand.ts'
import { mapMount } from './mapped-mount.ts'
import { kernelTree } from './masked-paths.ts'
import { showThrough } from './copy-up.ts'
import { isBornLate } from './late-birth.ts'
import { refuseOverProc, refuseProcTarget } from './proc-mounts.ts'
import { isListedEarly, listInOrder } from './prepared-mount.ts'
import { isRootMadeOutside, joinsMounts } from './root.ts'
import { MOUNT_ATTR_SIZE, mountAttributes } from './structs.ts'
import { openTarget } from './targets.ts'
import { findHostId, prepareMappingNamespace } from './user-namespace.ts'
import type { TerminalMount } from './stdio.ts'

export interface PlannedMount {
  readonly mount: Mount
  readonly options: MountOptions
  /** Slot of a detached mount that the outer half has made: mapped, shared, or the terminals' devpts. */
  readonly prepared: string | undefined
}

/** Sort out the options of every mount, in order. */
export function planMounts(c: ContainerCompilation): PlannedMount[] {
  return (c.config.mounts ?? []).map((mount, index) => {
    const options = parseMountOptions(mount.options ?? [])
    checkMount(c, mount, options)
    const isTerminals = isTerminalMount(mount) && c.base.stdio.kind === 'terminal'
    const isShared = options.isBind && options.propagation.some(({ flag }) => flag === MS.SHARED)
    // The root of another user namespace may have no right to reach the source (folders of mode 0700).
    const needsOuterHalf = isShared || isIdMapped(mount, options) || c.isForeign || joinsMounts(c)
    const isOuter = needsOuterHalf && options.isBind && !options.isRemount
    const prepared = isTerminals ? 'devpts' : isOuter ? `mount${index}` : undefined
    return { mount, options, prepared }
  })
}

/** Whether this is where the container's terminals are. */
function isTerminalMount({ type, destination }: Mount): boolean {
  return type === 'devpts' && relativePath(destination) === 'dev/pts'
}

function isIdMapped(mount: Mount, options: MountOptions): boolean {
  return (
    options.idmap !== 'none' ||
    (mount.uidMappings ?? []).length > 0 ||
    (mount.gidMappings ?? []).length > 0
  )
}

function checkMount(c: ContainerCompilation, mount: Mount, options: MountOptions): void {
  const { destination } = mount
  const field = `mounts[${destination}]`
  if (relativePath(destination).split('/').includes('..'))
    refuseSpec(field, { destination }, 'Write the destination without ".."')
  if (!options.isRemount) refuseOverProc(mount, options.isBind)
  if (options.copiesUp) checkCopyUp(c, mount, field)
  if (options.isBind && (mount.source ?? '') === '') refuseSpec(field, { missing: 'source' })
  if (!options.isBind && (mount.type ?? '') === '' && !options.isRemount)
    refuseSpec(field, { missing: 'type' })
  if (isIdMapped(mount, options) && !options.isBind)
    refuseFeature(
      field,
      { option: 'idmap', type: mount.type ?? '' },
      'Only bind mounts can be mapped',
    )
  if (mount.type === 'cgroup' && !options.isBind && c.base.host.cgroupMode === 'v1')
    refuseFeature(
      field,
      { type: 'cgroup' },
      'This host has no cgroup v2 tree: bind the v1 hierarchies that the container needs',
    )
}

function checkCopyUp({ base }: Compilation, { type }: Mount, field: string): void {
  if (type !== 'tmpfs') refuseSpec(field, { option: 'tmpcopyup', type: type ?? '' })
  const { major, minor } = base.host.kernel
  if (major < 6 || (major === 6 && minor < 13))
    refuseFeature(
      field,
      { option: 'tmpcopyup', kernel: `${major}.${minor}`, needs: '6.13' },
      'Use a volume that is filled from the image instead',
    )
}

/** Outer half: what needs rights or a place that the inner half does not have. */
export function prepareMounts(c: ContainerCompilation, mounts: readonly PlannedMount[]): void {
  for (const { mount, options, prepared } of mounts) {
    if (prepared === undefined || prepared === 'devpts') continue
    const slot = c.b.slot(prepared)
    cloneSource(c, mount, options, slot)
    if (isIdMapped(mount, options)) {
      const mappings = {
        uid: mount.uidMappings ?? c.linux.uidMappings ?? [],
        gid: mount.gidMappings ?? c.linux.gidMappings ?? [],
      }
      if (mappings.uid.length === 0 || mappings.gid.length === 0)
        refuseSpec(`mounts[${mount.destination}]`, {
          option: 'idmap',
          missing: 'uidMappings and gidMappings',
        })
      const userns = prepareMappingNamespace(c, 'mountMapping', mappings)
      mapMount(c, slot, userns, options.idmap === 'recursive' ? AT.RECURSIVE : 0)
      close(c, userns, 'the mount holds the mapping')
    }
  }
}

/** Outer half, after the clone: mounts that the monitor held would outlive the container. */
export function releaseMounts(c: ContainerCompilation, mounts: readonly PlannedMount[]): void {
  const why = 'the inner half has it; held here the mount would outlive the container'
  const names = new Set(mounts.map(({ prepared }) => prepared))
  if (c.base.stdio.kind === 'terminal') names.add('devpts')
  for (const name of names) if (name !== undefined) close(c, c.b.slot(name), why)
  if (isRootMadeOutside(c)) close(c, c.b.slot('root'), why)
}

/** How the outer half mounts devpts for a terminal, from the container's own entry for /dev/pts. */
export function terminalMount(c: Compilation, mounts: readonly PlannedMount[]): TerminalMount {
  const planned = mounts.find(({ prepared }) => prepared === 'devpts')
  const data = planned?.options.data ?? [
    ['ptmxmode', '0666'],
    ['mode', '0620'],
  ]
  // The instance belongs to the host's user namespace, so ids are the host's.
  const options = data.flatMap(([key, value]): [string, string][] => {
    if (value === undefined) return []
    if (key !== 'gid' && key !== 'uid') return [[key, value]]
    const id = findHostId(c, key, Number(value))
    return id === undefined ? [] : [[key, String(id)]]
  })
  return { options, attributes: planned?.options.set ?? MOUNT_ATTR.NOSUID | MOUNT_ATTR.NOEXEC }
}

/** Inner half: every mount, in the order of the configuration. */
export function makeMounts(c: ContainerCompilation, mounts: readonly PlannedMount[]): void {
  for (const planned of mounts) makeMount(c, planned)
}

function makeMount(c: ContainerCompilation, { mount, options, prepared }: PlannedMount): void {
  const { b } = c
  const { destination } = mount
  const slot = prepared === undefined ? b.slot('mount') : b.slot(prepared)
  if (options.isRemount) return remount(c, mount, options)
  // The rest of the compiler speaks of one slot, `mount`.
  if (prepared !== undefined)
    b.move(b.slot('mount'), slot, {
      why: `made before the clone for ${destination}`,
      source: 'open_tree(2)',
    })
  else if (options.isBind) cloneSource(c, mount, options, slot)
  else if (isForeign(c, mount)) bindHostTree(c, mount)
  else mountFileSystem(c, mount, options.copiesUp ? writable(options) : options)
  const isKernelTree = mount.type === 'proc' || mount.type === 'sysfs'
  if (options.isBind || prepared !== undefined || isForeign(c, mount))
    applyAttributes(c, mount, options)
  if (!options.copiesUp) applyPropagation(c, mount, options)
  const target = openTarget(c, {
    path: destination,
    kind: options.isBind ? 'as-source' : 'folder',
    noSymlinks: isKernelTree,
    why: isKernelTree
      ? `${destination}: a link here could make later writes to it land elsewhere (CVE-2019-19921)`
      : `${destination}: found inside the container’s root, whatever links the image has`,
  })
  refuseProcTarget(c, mount, target)
  if (options.copiesUp) {
    showThrough(c, mount, target, options.set | options.recursiveSet)
    applyPropagation(c, mount, options)
  }
  attachMount(c, b.slot('mount'), target, {
    why: `${destination}: from descriptor to descriptor, so nothing can be swapped in between (CVE-2021-30465)`,
    source: 'move_mount(2)',
  })
  if (isListedEarly(c, prepared)) listInOrder(c, target, destination)
  close(c, target, 'mounted')
  const tree = kernelTree(destination)
  if (tree === undefined) return close(c, b.slot('mount'), 'mounted')
  b.move(b.slot(tree), b.slot('mount'), {
    why: `${destination} is masked through this: its name could lead elsewhere by then (CVE-2025-31133)`,
    source: 'openat2(2)',
  })
}

/** What lies below a read-only overlay is written to until that is made. */
function writable(options: MountOptions): MountOptions {
  const fsFlags = options.fsFlags.filter((flag) => flag !== 'ro')
  return { ...options, set: 0, recursiveSet: 0, fsFlags }
}

function cloneSource(c: ContainerCompilation, mount: Mount, options: MountOptions, to: Slot): void {
  const { b } = c
  const source = mount.source ?? ''
  const path = source.startsWith('/') ? source : `${c.input.bundle ?? c.input.stateDir}/${source}`
  const recursive = options.isRecursive ? AT.RECURSIVE : 0
  b.call('open_tree', [AT_FDCWD, b.text(path), OPEN_TREE.CLONE | OPEN_TREE.CLOEXEC | recursive], {
    to,
    why: `${mount.destination}: files of the host, shown inside without a copy`,
    source: 'open_tree(2)',
  })
}

// Such a file system shows a namespace: where that belongs to somebody else, a user namespace cannot mount it.
function isForeign(c: Compilation, { type }: Mount): boolean {
  if (!c.isUnprivileged) return false
  if (type === 'sysfs') return !isNew(c, 'network')
  if (type === 'mqueue') return !isNew(c, 'ipc')
  return (type === 'cgroup' || type === 'cgroup2') && !isNew(c, 'cgroup')
}

function bindHostTree(c: Compilation, { type, destination }: Mount): void {
  const { b, base } = c
  const cgroup = base.host.cgroupMode === 'hybrid' ? '/sys/fs/cgroup/unified' : '/sys/fs/cgroup'
  const path = type === 'sysfs' ? '/sys' : type === 'mqueue' ? '/dev/mqueue' : cgroup
  b.call(
    'open_tree',
    [AT_FDCWD, b.text(path), OPEN_TREE.CLONE | OPEN_TREE.CLOEXEC | AT.RECURSIVE],
    {
      to: b.slot('mount'),
      why: `${destination}: the namespace behind it belongs to the host, so a new mount would be refused`,
      source: 'user_namespaces(7)',
    },
  )
}

function mountFileSystem(c: ContainerCompilation, mount: Mount, options: MountOptions): void {
  const { b } = c
  const { destination } = mount
  const type = mount.type === 'cgroup' ? 'cgroup2' : (mount.type ?? '')
  const context = b.slot('context')
  const [source, manual] = [mount.source ?? type, 'fsconfig(2)']
  b.call('fsopen', [b.text(type), 1], {
    to: context,
    why: `${destination}: a ${type} of the container’s own`,
    source: 'fsopen(2)',
  })
  if (source !== '')
    b.call('fsconfig', [context, FSCONFIG.SET_STRING, b.text('source'), b.text(source), 0], {
      why: 'the name or device that the mount table shows',
      source: manual,
    })
  for (const [key, value] of fileSystemData(c, mount, options)) {
    const why = `an option that only ${type} understands`
    const [command, text] =
      value === undefined ? [FSCONFIG.SET_FLAG, 0] : [FSCONFIG.SET_STRING, b.text(value)]
    b.call('fsconfig', [context, command, b.text(key), text, 0], {
      why,
      source: manual,
      ...toleranceFor(c, mount, key),
    })
  }
  if (type === 'proc' && isBornLate(c))
    b.call('fsconfig', [context, FSCONFIG.SET_FD, b.text('pidns'), 0, b.slot('pidNamespace')], {
      why: 'the processes of the joined namespace, which this one is not in',
      source: 'https://docs.kernel.org/filesystems/proc.html',
    })
  b.call('fsconfig', [context, FSCONFIG.CMD_CREATE, 0, 0, 0], {
    why: `${destination}: makes the file system with these options`,
    source: manual,
  })
  b.call('fsmount', [context, 1, options.set | options.recursiveSet], {
    to: b.slot('mount'),
    why: 'detached: complete before anybody can see it',
    source: 'fsmount(2)',
  })
  close(c, context, 'the mount holds the file system')
}

// The group `tty` may have no id in a small mapping. Few file systems count versions, and they need not be asked.
function toleranceFor(c: Compilation, { type }: Mount, key: string): { ignore?: string[] } {
  const isUnmapped = c.isUnprivileged && type === 'devpts' && key === 'gid'
  return isUnmapped || key === 'iversion' ? { ignore: ['EINVAL'] } : {}
}

function fileSystemData(
  c: Compilation,
  { type }: Mount,
  options: MountOptions,
): (readonly [string, string | undefined])[] {
  const isPseudo =
    type === 'proc' ||
    type === 'cgroup' ||
    type === 'cgroup2' ||
    type === 'mqueue' ||
    type === 'devpts'
  // A read-only superblock of these would change the same one elsewhere; the mount alone is read-only.
  const flags = options.fsFlags.filter(
    (flag) => !(flag === 'ro' && (isPseudo || (type === 'sysfs' && c.isUnprivileged))),
  )
  // Not mqueue: there is one of it in an IPC namespace, mounted without a label before.
  const label = c.linux.mountLabel ?? ''
  const context: [string, string][] =
    label !== '' && (type === 'tmpfs' || type === 'devpts') ? [['context', label]] : []
  return [
    ...flags.map((flag) => [flag, undefined] as const),
    ...options.data.filter(([key]) => !(type === 'devpts' && key === 'newinstance')),
    ...context,
  ]
}

function applyAttributes(c: Compilation, mount: Mount, options: MountOptions): void {
  if (isForeign(c, mount)) {
    // What lies below comes along from the host; one writable cgroup there is a way out (CVE-2023-25809).
    setAttributes(
      c,
      mount,
      options.set | MOUNT_ATTR.RDONLY,
      options.clear & MOUNT_ATTR_ATIME,
      AT.RECURSIVE,
    )
    return
  }
  // In a user namespace flags of the host's mounts are locked: to clear one is refused.
  const clear = c.isUnprivileged ? options.clear & MOUNT_ATTR_ATIME : options.clear
  const isOnlyWritable = options.set === 0 && clear === MOUNT_ATTR.RDONLY
  setAttributes(c, mount, options.set, isOnlyWritable ? 0 : clear, 0)
  setAttributes(c, mount, options.recursiveSet, options.recursiveClear, AT.RECURSIVE)
}

function setAttributes(
  c: Compilation,
  { destination }: Mount,
  set: number,
  clear: number,
  recursive: number,
): void {
  if (set === 0 && clear === 0) return
  const { b } = c
  b.call(
    'mount_setattr',
    [
      b.slot('mount'),
      b.text(''),
      BY_DESCRIPTOR | recursive,
      mountAttributes(b.data, { set, clear }),
      MOUNT_ATTR_SIZE,
    ],
    {
      why: `${destination}: a clone has the flags of the host’s mount; set before anybody can use it`,
      source: 'mount_setattr(2)',
    },
  )
}

function applyPropagation(c: Compilation, { destination }: Mount, options: MountOptions): void {
  const { b } = c
  for (const { flag, recursive } of options.propagation)
    b.call(
      'mount_setattr',
      [
        b.slot('mount'),
        b.text(''),
        BY_DESCRIPTOR | recursive,
        mountAttributes(b.data, { propagation: flag }),
        MOUNT_ATTR_SIZE,
      ],
      {
        why: `${destination}: whether mounts made later travel between the host and here`,
        source: 'mount_namespaces(7)',
      },
    )
}

function remount(c: ContainerCompilation, mount: Mount, options: MountOptions): void {
  const { b } = c
  const target = openTarget(c, {
    path: mount.destination,
    kind: 'folder',
    why: `${mount.destination}: what is mounted there gets other flags`,
  })
  b.move(b.slot('mount'), target, {
    why: 'the flags are those of the mount it lies on',
    source: 'mount_setattr(2)',
  })
  applyAttributes(c, mount, options)
  applyPropagation(c, mount, options)
  close(c, target, 'its flags are set')
}
