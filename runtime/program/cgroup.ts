import type { CgroupPlan, CgroupWrite } from '../cgroup/cgroup-plan.ts'
import { close, directoryFlag, isNew, writeFile } from './compilation.ts'
import type { Compilation } from './compilation.ts'
import { AT, AT_FDCWD, CLONE, O } from './flags/values.ts'
import type { Slot } from './operand.ts'
import { timeSpan } from './structs.ts'

/** Outer half, before the clone: make the groups, set the limits, open what later steps need. */
export function prepareCgroup(c: Compilation, plan: CgroupPlan): void {
  const { b } = c
  for (const [index, { path, why, isShared }] of plan.folders.entries()) {
    const reason = { why, source: 'cgroups(7)' }
    const at = [AT_FDCWD, b.text(path), 0o755] as const
    if (isShared) b.call('mkdirat', at, { ignore: ['EEXIST'], ...reason })
    else b.call('mkdirat', at, { to: madeSlot(c, index), ...reason })
  }
  for (const write of [...plan.prepare, ...plan.limits]) writeCgroup(c, write)
  openCgroup(c, plan)
  if (plan.oom !== undefined) openOomEvents(c, plan.oom)
}

/** Descriptors for the start: the v2 folder to be born in, the v1 groups to join. */
export function openCgroup(
  c: Compilation,
  plan: Pick<CgroupPlan, 'cloneInto' | 'join'> & Partial<Pick<CgroupPlan, 'devices'>>,
): void {
  const { b } = c
  // bpf(2) attaches to what can be read.
  const access = plan.devices === undefined ? O.PATH : 0
  if (plan.cloneInto !== undefined)
    b.call('openat', [AT_FDCWD, b.text(plan.cloneInto), access | directoryFlag(c) | O.CLOEXEC, 0], {
      to: b.slot('cgroup'),
      why: 'clone3 takes the group as a descriptor, and to be born in it costs no migration',
      source: 'clone(2)',
    })
  for (const [index, file] of plan.join.entries())
    b.call('openat', [AT_FDCWD, b.text(file), O.WRONLY | O.CLOEXEC, 0], {
      to: joinSlot(c, index),
      why: 'opened with our rights: the container itself may not have them',
      source: 'cgroups(7)',
    })
}

/** Outer half, after the clone: the monitor needs no handle on the groups. */
export function releaseCgroup(
  c: Compilation,
  plan: Pick<CgroupPlan, 'cloneInto' | 'join'> | undefined,
): void {
  const why = 'the inner half has it'
  if (plan?.cloneInto !== undefined) close(c, c.b.slot('cgroup'), why)
  for (const index of (plan?.join ?? []).keys()) close(c, joinSlot(c, index), why)
}

/** Inner half: v1 groups can only be joined by writing to a file. */
export function joinCgroup(c: Compilation, plan: Pick<CgroupPlan, 'join'> | undefined): void {
  const { b } = c
  for (const index of (plan?.join ?? []).keys()) {
    b.call('write', [joinSlot(c, index), b.text('0'), 1], {
      why: 'limits of a v1 hierarchy hold only for processes that joined its group',
      source: 'cgroups(7)',
    })
    close(c, joinSlot(c, index), 'the container must not keep a way into its own limits')
  }
}

/** Inner half, once it is in its groups: hide what is above them. */
export function makeCgroupNamespace(c: Compilation): void {
  if (isNew(c, 'cgroup'))
    c.b.call('unshare', [CLONE.NEWCGROUP], {
      why: 'made inside the group, so that the group looks like the root of the hierarchy',
      source: 'cgroup_namespaces(7)',
    })
}

/** Cleanup section: end what is left in the groups and remove them, leaf first. */
export function cleanCgroup(c: Compilation, plan: CgroupPlan): void {
  const { b } = c
  const own = [...plan.folders.entries()].filter(([, folder]) => !folder.isShared)
  // First of all: whoever lives keeps the groups of every hierarchy busy.
  for (const [index, { path }] of own) if (path === plan.cloneInto) killGroup(c, path, index)
  for (const [index, { path }] of own.toReversed()) {
    const next = b.label('next group')
    b.jumpIfNonZero(madeSlot(c, index), next, {
      why: 'a group that was not made here belongs to somebody else',
      source: 'cgroups(7)',
    })
    removeGroup(c, path, next)
    b.place(next)
  }
}

function madeSlot(c: Compilation, index: number): Slot {
  return c.b.slot(`made${index}`)
}

function joinSlot(c: Compilation, index: number): Slot {
  return c.b.slot(`join${index}`)
}

function writeCgroup(c: Compilation, write: CgroupWrite): void {
  const { file, value, why, source, tolerate = [] } = write
  const ignore = tolerate.length > 6 ? ('any' as const) : tolerate
  writeFile(c, c.b.text(file), value, { why, source, ignore })
}

function killGroup(c: Compilation, path: string, index: number): void {
  const { b } = c
  const next = b.label('group of somebody else')
  b.jumpIfNonZero(madeSlot(c, index), next, {
    why: 'a group that was not made here belongs to somebody else',
    source: 'cgroups(7)',
  })
  writeFile(c, c.b.text(`${path}/cgroup.kill`), '1', {
    why: 'a process that outlived the init would keep the group and its limits',
    source: 'https://docs.kernel.org/admin-guide/cgroup-v2.html#core-interface-files',
    ignore: 'any',
  })
  b.place(next)
}

// A group stays busy for a moment after its last process was killed; 1 + 4 + 16 + 64 ms are waited.
function removeGroup(
  c: Compilation,
  path: string,
  done: ReturnType<Compilation['b']['label']>,
): void {
  const { b } = c
  const reason = { why: 'an empty group left behind costs memory and a name', source: 'rmdir(2)' }
  for (const pause of [1, 4, 16, 64]) {
    b.call('unlinkat', [AT_FDCWD, b.text(path), AT.REMOVEDIR], {
      ...reason,
      ignore: 'any',
      ifOk: done,
    })
    b.call('nanosleep', [timeSpan(b.data, pause), 0], {
      ignore: 'any',
      why: 'killed processes leave their group a moment later',
      source: 'cgroups(7)',
    })
  }
  b.call('unlinkat', [AT_FDCWD, b.text(path), AT.REMOVEDIR], { ...reason, ignore: 'any' })
}

function openOomEvents(c: Compilation, oom: NonNullable<CgroupPlan['oom']>): void {
  const name = oom.kind === 'v2' ? 'memory.events' : 'memory.oom_control'
  c.b.call('openat', [AT_FDCWD, c.b.text(`${oom.folder}/${name}`), O.CLOEXEC, 0], {
    to: c.b.slot('oom'),
    ignore: ['ENOENT'],
    why: 'the monitor tells an out-of-memory kill from any other by the counter in this file',
    source: 'https://docs.kernel.org/admin-guide/cgroup-v2.html#memory-interface-files',
  })
}

const BPF = {
  PROG_LOAD: 5,
  PROG_ATTACH: 8,
  TYPE_CGROUP_DEVICE: 15,
  CGROUP_DEVICE: 6,
  F_ALLOW_MULTI: 2,
}

/** Whether the inner half has to wait until `restrictDevices` is done. */
export function restrictsDevices(plan: CgroupPlan | undefined): boolean {
  return plan?.devices !== undefined && plan.cloneInto !== undefined
}

/**
 * Outer half, while the inner one builds its tree: to have the kernel check and translate the
 * program takes as long as several mounts.
 */
export function restrictDevices(c: Compilation, plan: CgroupPlan): void {
  const { b } = c
  const program = plan.devices
  if (program === undefined || !restrictsDevices(plan)) return
  const source = 'bpf(2)'
  const type = BPF.TYPE_CGROUP_DEVICE + (program.length / 8) * 2 ** 32
  const load = b.data.words([type, b.data.bytes(program), b.text('Apache-2.0'), 0, 0, 0, 0, 0])
  b.call('bpf', [BPF.PROG_LOAD, load, 64], {
    to: b.slot('deviceProgram'),
    why: 'cgroup v2 has no devices controller: a BPF program decides about each open of a device',
    source,
  })
  const attach = b.data.words([0, BPF.CGROUP_DEVICE + BPF.F_ALLOW_MULTI * 2 ** 32, 0])
  const stored = { why: 'both descriptors are known only now', source }
  b.store(b.slot('cgroup'), attach, 0, 4, stored)
  b.store(b.slot('deviceProgram'), attach, 4, 4, stored)
  b.call('bpf', [BPF.PROG_ATTACH, attach, 24], {
    why: 'before the container’s program: a device that it had opened would stay open',
    source,
  })
  close(c, b.slot('deviceProgram'), 'attached; the group holds the program')
}
