import * as z from 'zod/mini'
import { flag, optional, text, texts } from './field.ts'
import { int32, integer, uint32, uint64 } from './integer.ts'
import { once } from './once.ts'

export const schedulerPolicies = [
  'SCHED_OTHER',
  'SCHED_FIFO',
  'SCHED_RR',
  'SCHED_BATCH',
  'SCHED_ISO',
  'SCHED_IDLE',
  'SCHED_DEADLINE',
] as const

export const schedulerFlags = [
  'SCHED_FLAG_RESET_ON_FORK',
  'SCHED_FLAG_RECLAIM',
  'SCHED_FLAG_DL_OVERRUN',
  'SCHED_FLAG_KEEP_POLICY',
  'SCHED_FLAG_KEEP_PARAMS',
  'SCHED_FLAG_UTIL_CLAMP_MIN',
  'SCHED_FLAG_UTIL_CLAMP_MAX',
] as const

export const ioPriorityClasses = [
  'IOPRIO_CLASS_RT',
  'IOPRIO_CLASS_BE',
  'IOPRIO_CLASS_IDLE',
] as const

/** Resources of getrlimit(2) that Linux knows. */
export const rlimitTypes = [
  'RLIMIT_AS',
  'RLIMIT_CORE',
  'RLIMIT_CPU',
  'RLIMIT_DATA',
  'RLIMIT_FSIZE',
  'RLIMIT_LOCKS',
  'RLIMIT_MEMLOCK',
  'RLIMIT_MSGQUEUE',
  'RLIMIT_NICE',
  'RLIMIT_NOFILE',
  'RLIMIT_NPROC',
  'RLIMIT_RSS',
  'RLIMIT_RTPRIO',
  'RLIMIT_RTTIME',
  'RLIMIT_SIGPENDING',
  'RLIMIT_STACK',
] as const

/** @see https://man7.org/linux/man-pages/man2/sched_setattr.2.html */
const schedulerSchema = once(() =>
  z.object({
    policy: z.enum(schedulerPolicies),
    /** -20 to 19, for SCHED_OTHER and SCHED_BATCH. */
    nice: optional(int32()),
    /** 1 to 99, for SCHED_FIFO and SCHED_RR. */
    priority: optional(int32()),
    flags: optional(z.array(z.enum(schedulerFlags))),
    /** Nanoseconds, SCHED_DEADLINE only; runtime ≤ deadline ≤ period. */
    runtime: optional(uint64()),
    deadline: optional(uint64()),
    period: optional(uint64()),
  }),
)

const ioPrioritySchema = once(() =>
  z.object({
    class: z.enum(ioPriorityClasses),
    /** 0 (first) to 7. */
    priority: integer(0, 7),
  }),
)

export const userSchema = once(() =>
  z.object({
    uid: uint32(),
    gid: uint32(),
    /** Absent: what the runtime was started with. */
    umask: optional(uint32()),
    additionalGids: optional(z.array(uint32())),
  }),
)

export const capabilitiesSchema = once(() => {
  const set = optional(texts())
  return z.object({
    bounding: set,
    effective: set,
    inheritable: set,
    permitted: set,
    ambient: set,
  })
})

const rlimitSchema = once(() =>
  z.object({
    type: z.enum(rlimitTypes),
    /** 2^64 - 1 is RLIM_INFINITY. Bytes, seconds or a count, by type. */
    soft: uint64(),
    hard: uint64(),
  }),
)

/** @see https://github.com/opencontainers/runtime-spec/blob/v1.3.0/config.md#process */
export const processSchema = once(() =>
  z.object({
    terminal: optional(flag()),
    /** In characters; without `terminal` it is ignored. */
    consoleSize: optional(z.object({ height: uint32(), width: uint32() })),
    user: userSchema(),
    args: optional(texts()),
    /** `NAME=value` */
    env: optional(texts()),
    /** Absolute path in the container. */
    cwd: text(),
    capabilities: optional(capabilitiesSchema()),
    rlimits: optional(z.array(rlimitSchema())),
    noNewPrivileges: optional(flag()),
    apparmorProfile: optional(text()),
    /** -1000 (never killed) to 1000. Absent: left as it is. */
    oomScoreAdj: optional(integer(-1000, 1000)),
    scheduler: optional(schedulerSchema()),
    selinuxLabel: optional(text()),
    ioPriority: optional(ioPrioritySchema()),
    /** CPU lists, for processes of `exec` only: while entering the cgroup, and afterwards. */
    execCPUAffinity: optional(z.object({ initial: optional(text()), final: optional(text()) })),
  }),
)

export type Process = z.infer<ReturnType<typeof processSchema>>
export type User = z.infer<ReturnType<typeof userSchema>>
export type Capabilities = z.infer<ReturnType<typeof capabilitiesSchema>>
export type Rlimit = z.infer<ReturnType<typeof rlimitSchema>>
export type Scheduler = z.infer<ReturnType<typeof schedulerSchema>>
export type IoPriority = z.infer<ReturnType<typeof ioPrioritySchema>>
