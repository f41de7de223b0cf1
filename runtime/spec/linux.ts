import * as z from 'zod/mini'
import { int64, uint32 } from './integer.ts'
import { idMappingSchema } from './mount.ts'
import { once } from './once.ts'
import { resourcesSchema } from './resources.ts'
import { seccompSchema } from './seccomp.ts'

export const namespaceTypes = [
  'pid',
  'network',
  'mount',
  'ipc',
  'uts',
  'user',
  'cgroup',
  'time',
] as const

export const memoryPolicyModes = [
  'MPOL_DEFAULT',
  'MPOL_BIND',
  'MPOL_INTERLEAVE',
  'MPOL_WEIGHTED_INTERLEAVE',
  'MPOL_PREFERRED',
  'MPOL_PREFERRED_MANY',
  'MPOL_LOCAL',
] as const

export const memoryPolicyFlags = [
  'MPOL_F_NUMA_BALANCING',
  'MPOL_F_RELATIVE_NODES',
  'MPOL_F_STATIC_NODES',
] as const

/** The specification names the first four; callers also send the recursive ones of mount(8). */
export const propagationModes = [
  'private',
  'shared',
  'slave',
  'unbindable',
  'rprivate',
  'rshared',
  'rslave',
  'runbindable',
] as const

const namespaceSchema = once(() =>
  z.object({
    type: z.enum(namespaceTypes),
    /** File of an existing namespace to join. Absent: a new one. */
    path: z.optional(z.string()),
  }),
)

const timeOffsetSchema = once(() =>
  z.object({ secs: z.optional(int64()), nanosecs: z.optional(uint32()) }),
)

const deviceSchema = once(() =>
  z.object({
    /** Absolute path in the container. */
    path: z.string(),
    /** Character (c, u), block (b) or FIFO (p). */
    type: z.enum(['c', 'b', 'u', 'p']),
    /** Absent only for a FIFO. */
    major: z.optional(int64()),
    minor: z.optional(int64()),
    /** Permission bits. Absent: 0666. */
    fileMode: z.optional(uint32()),
    uid: z.optional(uint32()),
    gid: z.optional(uint32()),
  }),
)

const netDeviceSchema = once(() =>
  z.object({
    /** Name inside; `%d` asks the kernel for a number. Absent: as on the host. */
    name: z.optional(z.string()),
  }),
)

const intelRdtSchema = once(() =>
  z.object({
    closID: z.optional(z.string()),
    /** Lines for the schemata file; they replace what the next two would write. */
    schemata: z.optional(z.array(z.string())),
    l3CacheSchema: z.optional(z.string()),
    memBwSchema: z.optional(z.string()),
    enableMonitoring: z.optional(z.boolean()),
  }),
)

/** Arguments of set_mempolicy(2). */
const memoryPolicySchema = once(() =>
  z.object({
    mode: z.enum(memoryPolicyModes),
    /** NUMA node list, e.g. `0-1,4`. */
    nodes: z.optional(z.string()),
    flags: z.optional(z.array(z.enum(memoryPolicyFlags))),
  }),
)

const personalitySchema = once(() =>
  z.object({
    domain: z.enum(['LINUX', 'LINUX32']),
    /** None is defined by the specification yet. */
    flags: z.optional(z.array(z.string())),
  }),
)

/** @see https://github.com/opencontainers/runtime-spec/blob/v1.3.0/config-linux.md */
export const linuxSchema = once(() =>
  z.object({
    namespaces: z.optional(z.array(namespaceSchema())),
    uidMappings: z.optional(z.array(idMappingSchema())),
    gidMappings: z.optional(z.array(idMappingSchema())),
    /** By clock: `monotonic`, `boottime`. */
    timeOffsets: z.optional(z.record(z.string(), timeOffsetSchema())),
    devices: z.optional(z.array(deviceSchema())),
    /** By name on the host. */
    netDevices: z.optional(z.record(z.string(), netDeviceSchema())),
    cgroupsPath: z.optional(z.string()),
    resources: z.optional(resourcesSchema()),
    intelRdt: z.optional(intelRdtSchema()),
    memoryPolicy: z.optional(memoryPolicySchema()),
    /** Dotted (or slashed) name below /proc/sys to its text. */
    sysctl: z.optional(z.record(z.string(), z.string())),
    seccomp: z.optional(seccompSchema()),
    rootfsPropagation: z.optional(z.enum(propagationModes)),
    maskedPaths: z.optional(z.array(z.string())),
    readonlyPaths: z.optional(z.array(z.string())),
    mountLabel: z.optional(z.string()),
    personality: z.optional(personalitySchema()),
  }),
)

export type Linux = z.infer<ReturnType<typeof linuxSchema>>
export type Namespace = z.infer<ReturnType<typeof namespaceSchema>>
export type NamespaceType = Namespace['type']
export type TimeOffset = z.infer<ReturnType<typeof timeOffsetSchema>>
export type Device = z.infer<ReturnType<typeof deviceSchema>>
export type NetDevice = z.infer<ReturnType<typeof netDeviceSchema>>
export type IntelRdt = z.infer<ReturnType<typeof intelRdtSchema>>
export type MemoryPolicy = z.infer<ReturnType<typeof memoryPolicySchema>>
export type Personality = z.infer<ReturnType<typeof personalitySchema>>
export type Propagation = (typeof propagationModes)[number]
