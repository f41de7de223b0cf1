import type { Scheduler } from '../spec/config.ts'
import { refuseFeature, refuseSpec } from './compilation.ts'
import type { Compilation } from './compilation.ts'
import { ERRNO, KEYCTL_JOIN_SESSION_KEYRING, PR, SIGKILL } from './flags/values.ts'
import {
  IO_CLASSES,
  MEMORY_POLICIES,
  MEMORY_POLICY_FLAGS,
  SCHEDULER_FLAGS,
  SCHEDULER_POLICIES,
} from './flags/names.ts'
import { writeProc } from './security-label.ts'

/** Inner half, first of all and again after each change of user, which clears it. */
export function dieWithMonitor(c: Compilation, why: string): void {
  c.b.call('prctl', [PR.SET_PDEATHSIG, SIGKILL, 0, 0, 0], {
    why,
    source: 'PR_SET_PDEATHSIG(2const)',
  })
}

/** Inner half: names of the machine as the container sees it. */
export function setNames(c: Compilation): void {
  const { b, config } = c
  for (const [field, call] of [
    ['hostname', 'sethostname'],
    ['domainname', 'setdomainname'],
  ] as const) {
    const name = config[field]
    if (name === undefined || name === '') continue
    if (Buffer.byteLength(name) > 64) refuseSpec(field, { bytes: Buffer.byteLength(name), max: 64 })
    b.call(call, [b.text(name), Buffer.byteLength(name)], {
      why: 'the container has a name of its own in its uts namespace',
      source: `${call}(2)`,
    })
  }
}

/** Inner half: settings of the process that execve keeps. */
export function setProcessAttributes(c: Compilation): void {
  const { b, config, linux, base } = c
  const { process } = config
  if (process?.oomScoreAdj !== undefined)
    writeProc(c, 'self/oom_score_adj', String(process.oomScoreAdj), {
      why: 'who is killed first when memory runs out',
      source: 'proc_pid_oom_score_adj(5)',
      ...(base.host.rootless || c.isForeign ? { ignore: ['EACCES', 'EPERM'] } : {}),
    })
  if (process?.scheduler !== undefined) setScheduler(c, process.scheduler)
  if (process?.ioPriority !== undefined) {
    const { class: name, priority } = process.ioPriority
    b.call('ioprio_set', [1, 0, ((IO_CLASSES[name] ?? 0) << 13) | priority], {
      why: 'its share of the disk, as the configuration has it',
      source: 'ioprio_set(2)',
    })
  }
  if (linux.personality !== undefined) setPersonality(c)
  if (linux.memoryPolicy !== undefined) setMemoryPolicy(c, linux.memoryPolicy)
}

function setPersonality(c: Compilation): void {
  const { domain, flags = [] } = c.linux.personality ?? { domain: 'LINUX' }
  if (flags.length > 0)
    refuseFeature(
      'linux.personality.flags',
      { flags: flags.join(',') },
      'The specification defines no flag yet: leave them out',
    )
  c.b.call('personality', [domain === 'LINUX32' ? 8 : 0], {
    why: 'what uname says about the machine, as the configuration has it',
    source: 'personality(2)',
  })
}

function setScheduler(c: Compilation, scheduler: Scheduler): void {
  const { b } = c
  const bytes = Buffer.alloc(48)
  const flags = (scheduler.flags ?? []).reduce((all, name) => all | (SCHEDULER_FLAGS[name] ?? 0), 0)
  bytes.writeUInt32LE(48, 0)
  bytes.writeUInt32LE(SCHEDULER_POLICIES[scheduler.policy] ?? 0, 4)
  bytes.writeBigUInt64LE(BigInt(flags), 8)
  bytes.writeInt32LE(scheduler.nice ?? 0, 16)
  bytes.writeInt32LE(scheduler.priority ?? 0, 20)
  for (const [index, value] of [scheduler.runtime, scheduler.deadline, scheduler.period].entries())
    bytes.writeBigUInt64LE(BigInt.asUintN(64, BigInt(value ?? 0)), 24 + index * 8)
  b.call('sched_setattr', [0, b.data.bytes(bytes), 0], {
    why: 'its share of the CPUs, as the configuration has it',
    source: 'sched_setattr(2)',
  })
}

/** Bits of a list such as `0-1,4`. @throws {OperationError} `INVALID_SPEC` */
function parseNodeList(field: string, list: string): Uint8Array {
  const bits = Buffer.alloc(128)
  for (const part of list.split(',')) {
    const match = /^(\d{1,4})(?:-(\d{1,4}))?$/.exec(part.trim())
    const first = Number(match?.[1] ?? NaN)
    const last = Number(match?.[2] ?? first)
    if (!(first <= last && last < 1024)) refuseSpec(field, { list })
    for (let node = first; node <= last; node++) bits[node >> 3]! |= 1 << (node & 7)
  }
  return bits
}

function setMemoryPolicy(
  c: Compilation,
  policy: NonNullable<Compilation['linux']['memoryPolicy']>,
): void {
  const { b } = c
  const flags = (policy.flags ?? []).reduce(
    (all, name) => all | (MEMORY_POLICY_FLAGS[name] ?? 0),
    0,
  )
  const mode = (MEMORY_POLICIES[policy.mode] ?? 0) | flags
  const nodes = policy.nodes ?? ''
  const mask = nodes === '' ? 0 : b.data.bytes(parseNodeList('linux.memoryPolicy.nodes', nodes))
  b.call('set_mempolicy', [mode, mask, nodes === '' ? 0 : 1024], {
    why: 'where its memory comes from, as the configuration has it',
    source: 'set_mempolicy(2)',
  })
}

/** Inner half: keys of whoever started the container must not be in reach. */
export function joinKeyring(c: Compilation): void {
  c.b.call('keyctl', [KEYCTL_JOIN_SESSION_KEYRING, c.b.text(`_ses.${c.base.id}`), 0, 0, 0], {
    ignore: ['ENOSYS', 'EPERM', 'EDQUOT'],
    why: 'a shared session keyring would show the keys of whoever started the container',
    source: 'session-keyring(7)',
  })
}

/** Inner half: the folder the program starts in; slot `cwd` tells whether it worked. */
export function enterFolder(c: Compilation): void {
  const { b, config } = c
  b.call('chdir', [b.text(config.process?.cwd ?? '/')], {
    to: b.slot('cwd'),
    ignore: ['EACCES'],
    why: 'with the rights of root: a working folder that the user cannot enter is still where it starts',
    source: 'chdir(2)',
  })
}

/** Inner half, after the change of user: a second try, and the proof that the folder is inside. */
export function verifyFolder(c: Compilation): void {
  const { b, config } = c
  const entered = b.label('folder entered')
  b.jumpIfZero(b.slot('cwd'), entered, { why: 'root could enter it', source: 'chdir(2)' })
  b.call('chdir', [b.text(config.process?.cwd ?? '/')], {
    why: 'on some file systems only the user can enter it',
    source: 'chdir(2)',
  })
  b.place(entered)
  const path = b.data.scratch(4096)
  b.call('getcwd', [path, 4096], {
    why: 'a folder outside of the root would be a way out (CVE-2024-21626)',
    source: 'getcwd(2)',
  })
  b.load(b.slot('number'), path, 0, 1, {
    why: 'the path of a folder outside starts with "(unreachable)"',
    source: 'getcwd(2)',
  })
  b.assert(b.slot('number'), 0x2f, ERRNO.EPERM, {
    why: 'the working folder must be below the root (CVE-2024-21626)',
    source: 'getcwd(2)',
  })
}

/** CPUs that the process may run on, as a list such as `0-3,8`. */
export function setAffinity(c: Compilation, list: string | undefined, why: string): void {
  if (list === undefined || list === '') return
  const mask = c.b.data.bytes(parseNodeList('process.execCPUAffinity', list))
  c.b.call('sched_setaffinity', [0, 128, mask], { why, source: 'sched_setaffinity(2)' })
}
