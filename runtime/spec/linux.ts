import * as z from 'zod/mini'
import { flag, optional, text, texts } from './field.ts'
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
    path: optional(text()),
  }),
)

const timeOffsetSchema = once(() =>
  z.object({ secs: optional(int64()), nanosecs: optional(uint32()) }),
)

const deviceSchema = once(() =>
  z.object({
    /** Absolute path in the container. */
    path: text(),
    /** Character (c, u), block (b) or FIFO (p). */
    type: z.enum(['c', 'b', 'u', 'p']),
    /** Absent only for a FIFO. */
    major: optional(int64()),
    minor: optional(int64()),
    /** Permission bits. Absent: 0666. */
    fileMode: optional(uint32()),
    uid: optional(uint32()),
    gid: optional(uint32()),
  }),
)

const netDeviceSchema = once(() =>
  z.object({
    /** Name inside; `%d` asks the kernel for a number. Absent: as on the host. */
    name: optional(text()),
  }),
)

const intelRdtSchema = once(() =>
  z.object({
    closID: optional(text()),
    /** Lines for the schemata file, after the next two. */
    schemata: optional(texts()),
    l3CacheSchema: optional(text()),
    memBwSchema: optional(text()),
    enableMonitoring: optional(flag()),
  }),
)

/** Arguments of set_mempolicy(2). */
const memoryPolicySchema = once(() =>
  z.object({
    mode: z.enum(memoryPolicyModes),
    /** NUMA node list, e.g. `0-1,4`. */
    nodes: optional(text()),
    flags: optional(z.array(z.enum(memoryPolicyFlags))),
  }),
)

const personalitySchema = once(() =>
  z.object({
    domain: z.enum(['LINUX', 'LINUX32']),
    /** None is defined by the specification yet. */
    flags: optional(texts()),
  }),
)

/** @see https://github.com/opencontainers/runtime-spec/blob/v1.3.0/config-linux.md */
export const linuxSchema = once(() =>
  z.object({
    namespaces: optional(z.array(namespaceSchema())),
    uidMappings: optional(z.array(idMappingSchema())),
    gidMappings: optional(z.array(idMappingSchema())),
    /** By clock: `monotonic`, `boottime`. */
    timeOffsets: optional(z.record(text(), timeOffsetSchema())),
    devices: optional(z.array(deviceSchema())),
    /** By name on the host. */
    netDevices: optional(z.record(text(), netDeviceSchema())),
    cgroupsPath: optional(text()),
    resources: optional(resourcesSchema()),
    intelRdt: optional(intelRdtSchema()),
    memoryPolicy: optional(memoryPolicySchema()),
    /** Dotted (or slashed) name below /proc/sys to its text. */
    sysctl: optional(z.record(text(), text())),
    seccomp: optional(seccompSchema()),
    rootfsPropagation: optional(z.enum(propagationModes)),
    maskedPaths: optional(texts()),
    readonlyPaths: optional(texts()),
    mountLabel: optional(text()),
    personality: optional(personalitySchema()),
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
