import type { NamespaceType } from '../spec/config.ts'
import { close, isNew, refuseFeature, refuseSpec } from './compilation.ts'
import type { Compilation } from './compilation.ts'
import { AT_FDCWD, CLONE, O } from './flags/values.ts'
import type { Slot } from './operand.ts'

/** Clone flag of each namespace; a time namespace is entered by unshare before the clone. */
export const namespaceFlags: Readonly<Record<NamespaceType, number>> = {
  mount: CLONE.NEWNS,
  pid: CLONE.NEWPID,
  network: CLONE.NEWNET,
  uts: CLONE.NEWUTS,
  ipc: CLONE.NEWIPC,
  user: CLONE.NEWUSER,
  cgroup: CLONE.NEWCGROUP,
  time: CLONE.NEWTIME,
}

/** Flags for the clone of the inner half. */
export function cloneFlags(c: Compilation): number {
  return CLONE.PIDFD | (c.isBornInside ? 0 : newNamespaces(c))
}

/** Flags of what the container has for itself. Not the cgroup namespace: it must be made from inside the group. */
export function newNamespaces(c: Compilation): number {
  let flags = 0
  for (const type of ['mount', 'pid', 'network', 'uts', 'ipc', 'user'] as const)
    if (isNew(c, type)) flags |= namespaceFlags[type]
  return flags
}

/** @throws {OperationError} for combinations that the kernel or this compiler cannot do */
export function checkNamespaces(c: Compilation): void {
  const { namespaces, linux, config } = c
  if (!isNew(c, 'mount')) checkSharedMounts(c)
  if (config.hostname !== undefined && config.hostname !== '' && !namespaces.has('uts'))
    refuseSpec('hostname', { missing: 'uts namespace' }, 'Setting it would rename the host')
  if (config.domainname !== undefined && config.domainname !== '' && !namespaces.has('uts'))
    refuseSpec('domainname', { missing: 'uts namespace' }, 'Setting it would rename the host')
  if (namespaces.get('user') !== undefined && isNew(c, 'pid') && !c.isBornInside)
    refuseFeature(
      'linux.namespaces',
      { user: 'joined', pid: 'new' },
      'Join the pid namespace as well, or make a new user namespace with the same mappings',
    )
  const hasMappings = (linux.uidMappings ?? []).length > 0 || (linux.gidMappings ?? []).length > 0
  // Beside a namespace that is joined they are its own, as engines say them once more.
  if (hasMappings && !namespaces.has('user'))
    refuseSpec('linux.uidMappings', { missing: 'user namespace' })
  if (
    c.isUserNamespaceNew &&
    ((linux.uidMappings ?? []).length === 0 || (linux.gidMappings ?? []).length === 0)
  )
    refuseSpec('linux.uidMappings', { problem: 'a new user namespace needs uid and gid mappings' })
  if (Object.keys(linux.timeOffsets ?? {}).length > 0 && !isNew(c, 'time'))
    refuseSpec('linux.timeOffsets', { missing: 'new time namespace' })
}

/** Only OCI callers may ask for it: they say by it that the mounts are theirs to see, and `delete` takes them away. */
function checkSharedMounts(c: Compilation): void {
  if (c.base.leave !== true)
    refuseFeature(
      'linux.namespaces',
      { missing: 'mount' },
      'Give the container a mount namespace of its own: without one its mounts would be the host’s',
    )
  if (c.isUserNamespaceNew)
    refuseFeature(
      'linux.namespaces',
      { user: 'new', mount: c.namespaces.has('mount') ? 'joined' : 'the runtime’s' },
      'Add a mount namespace: the root of a new user namespace may mount nothing in another one',
    )
}

// A joined namespace is entered by the outer half around the clone when the container has a user namespace that is not
// the runtime's, whose processes may have no rights over it; else by the inner half.
const joinable = ['network', 'uts', 'ipc', 'cgroup'] as const

function joined(c: Compilation): [NamespaceType, string][] {
  return joinable.flatMap((type) => {
    const path = c.namespaces.get(type)
    return path === undefined ? [] : [[type, path]]
  })
}

/**
 * Outer half, before the clone: open what is joined, and enter what only children enter.
 *
 * @param isBornLate the inner half stays outside of the pid namespace
 */
export function prepareNamespaces(c: Compilation, isBornLate: boolean): void {
  const { b, namespaces } = c
  for (const [type, path] of joined(c)) openNamespace(c, type, path)
  for (const type of ['pid', 'time', 'user', 'mount'] as const) {
    const path = namespaces.get(type)
    if (path !== undefined) openNamespace(c, type, path)
  }
  for (const type of ['pid', 'time'] as const)
    if (namespaces.get(type) !== undefined && !(type === 'pid' && (isBornLate || c.isBornInside)))
      b.call('setns', [b.slot(`${type}Namespace`), namespaceFlags[type]], {
        why: 'holds for children only: a process cannot change it for itself and be seen there',
        source: `${type}_namespaces(7)`,
      })
  if (isNew(c, 'time')) setTimeOffsets(c)
  if (!c.isForeign) return
  for (const [type] of joined(c)) {
    b.call('openat', [AT_FDCWD, b.text(`/proc/self/ns/${namespaceFile(type)}`), O.CLOEXEC, 0], {
      to: homeSlot(c, type),
      why: 'the way back for this process after the clone',
      source: 'namespaces(7)',
    })
    enterNamespace(
      c,
      type,
      b.slot(`${type}Namespace`),
      'the child has no right to enter it from its own user namespace',
    )
  }
}

/** Outer half, after the clone: back to where the host is. */
export function returnFromNamespaces(c: Compilation): void {
  if (!c.isForeign) return
  for (const [type] of joined(c))
    enterNamespace(c, type, homeSlot(c, type), 'the monitor stays in the namespaces of the host')
}

/** Inner half: enter what is joined; the user namespace first, it gives the rights over the others. */
export function joinNamespaces(c: Compilation, isBornLate: boolean): void {
  const { b, namespaces } = c
  if (namespaces.get('user') !== undefined && !c.isBornInside)
    enterNamespace(
      c,
      'user',
      b.slot('userNamespace'),
      'first of all: it gives the rights over the others',
    )
  if (!c.isForeign)
    for (const [type] of joined(c))
      enterNamespace(
        c,
        type,
        b.slot(`${type}Namespace`),
        'shared with another container or the host, as the configuration says',
      )
  if (namespaces.get('mount') !== undefined)
    enterNamespace(
      c,
      'mount',
      b.slot('mountNamespace'),
      'its mounts are made where the others see them',
    )
  for (const [type, path] of namespaces)
    if (path !== undefined && !(type === 'pid' && isBornLate))
      close(c, b.slot(`${type}Namespace`), 'entered; the container needs no handle on it')
}

/** Inner half: into the user namespace that is joined, and the pid namespace for the child that follows. */
export function enterUserNamespace(c: Compilation): void {
  const { b, namespaces } = c
  if (namespaces.get('pid') !== undefined)
    enterNamespace(c, 'pid', b.slot('pidNamespace'), 'holds for the child that stays')
  const why = 'the namespaces of the child that stays belong to it'
  enterNamespace(c, 'user', b.slot('userNamespace'), why)
}

function openNamespace(c: Compilation, type: NamespaceType, path: string): void {
  c.b.call('openat', [AT_FDCWD, c.b.text(path), O.CLOEXEC, 0], {
    to: c.b.slot(`${type}Namespace`),
    why: `the configuration joins this ${type} namespace; opened before the host’s /proc is out of sight`,
    source: 'setns(2)',
  })
}

function enterNamespace(c: Compilation, type: NamespaceType, fd: Slot, why: string): void {
  c.b.call('setns', [fd, namespaceFlags[type]], { why, source: 'setns(2)' })
}

function homeSlot(c: Compilation, type: NamespaceType): Slot {
  return c.b.slot(`${type}Home`)
}

function namespaceFile(type: NamespaceType): string {
  return {
    mount: 'mnt',
    network: 'net',
    pid: 'pid',
    uts: 'uts',
    ipc: 'ipc',
    user: 'user',
    cgroup: 'cgroup',
    time: 'time',
  }[type]
}

function setTimeOffsets(c: Compilation): void {
  const { b, linux } = c
  const source = 'time_namespaces(7)'
  b.call('unshare', [CLONE.NEWTIME], {
    why: 'offsets can be set only before the first process enters, so not with the clone itself',
    source,
  })
  const lines = Object.entries(linux.timeOffsets ?? {}).map(
    ([clock, { secs = 0, nanosecs = 0 }]) => `${clock} ${secs} ${nanosecs}\n`,
  )
  if (lines.length === 0) return
  const text = lines.join('')
  b.call('openat', [AT_FDCWD, b.text('/proc/self/timens_offsets'), O.WRONLY | O.CLOEXEC, 0], {
    to: b.slot('file'),
    why: 'clocks of the namespace that children will be in',
    source,
  })
  b.call('write', [b.slot('file'), b.text(text), Buffer.byteLength(text)], {
    why: 'all clocks in one write: the first process freezes them',
    source,
  })
  close(c, b.slot('file'), 'the offsets are set')
}
