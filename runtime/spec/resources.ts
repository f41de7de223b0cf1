import * as z from 'zod/mini'
import { int64, uint16, uint32, uint64 } from './integer.ts'
import { once } from './once.ts'

/** One rule of the device cgroup; later rules override earlier ones. */
const deviceRuleSchema = once(() =>
  z.object({
    allow: z.boolean(),
    /** Absent: all types. */
    type: z.optional(z.enum(['a', 'b', 'c'])),
    /** Absent or -1: any. */
    major: z.optional(int64()),
    minor: z.optional(int64()),
    /** Letters of `rwm`: read, write, mknod. Absent: all. */
    access: z.optional(z.string()),
  }),
)

/** Bytes throughout; -1 is no limit, absent leaves what is there. */
const memorySchema = once(() =>
  z.object({
    limit: z.optional(int64()),
    reservation: z.optional(int64()),
    /** Memory plus swap, so never less than `limit`. */
    swap: z.optional(int64()),
    kernel: z.optional(int64()),
    kernelTCP: z.optional(int64()),
    /** 0 to 100. */
    swappiness: z.optional(uint64()),
    disableOOMKiller: z.optional(z.boolean()),
    useHierarchy: z.optional(z.boolean()),
    /** On update: refuse a limit below the present use. */
    checkBeforeUpdate: z.optional(z.boolean()),
  }),
)

/** Times in microseconds. */
const cpuSchema = once(() =>
  z.object({
    /** Relative weight, cgroup v1 scale (1024 is the default). */
    shares: z.optional(uint64()),
    /** CPU time in one period; zero or negative is no limit. */
    quota: z.optional(int64()),
    burst: z.optional(uint64()),
    /** Zero or absent: the kernel's 100 000. */
    period: z.optional(uint64()),
    realtimeRuntime: z.optional(int64()),
    realtimePeriod: z.optional(uint64()),
    /** CPU list, e.g. `0-3,7`. */
    cpus: z.optional(z.string()),
    /** NUMA node list. */
    mems: z.optional(z.string()),
    /** 1 is SCHED_IDLE for the whole cgroup. */
    idle: z.optional(int64()),
  }),
)

const blockIOSchema = once(() => {
  const device = { major: int64(), minor: int64() }
  const throttle = z.optional(z.array(z.object({ ...device, rate: uint64() })))
  const weight = { weight: z.optional(uint16()), leafWeight: z.optional(uint16()) }
  return z.object({
    /** 10 to 1000, or 0 for "not set". */
    ...weight,
    weightDevice: z.optional(z.array(z.object({ ...device, ...weight }))),
    /** Bytes per second. */
    throttleReadBpsDevice: throttle,
    throttleWriteBpsDevice: throttle,
    /** Operations per second. */
    throttleReadIOPSDevice: throttle,
    throttleWriteIOPSDevice: throttle,
  })
})

const hugepageLimitSchema = once(() =>
  z.object({
    /** Size with unit: `64KB`, `2MB`, `1GB`. */
    pageSize: z.string(),
    /** Bytes. */
    limit: uint64(),
  }),
)

const networkSchema = once(() =>
  z.object({
    classID: z.optional(uint32()),
    priorities: z.optional(z.array(z.object({ name: z.string(), priority: uint32() }))),
  }),
)

const rdmaSchema = once(() =>
  z.object({ hcaHandles: z.optional(uint32()), hcaObjects: z.optional(uint32()) }),
)

/** @see https://github.com/opencontainers/runtime-spec/blob/v1.3.0/config-linux.md#control-groups */
export const resourcesSchema = once(() =>
  z.object({
    devices: z.optional(z.array(deviceRuleSchema())),
    memory: z.optional(memorySchema()),
    cpu: z.optional(cpuSchema()),
    /** Number of tasks; -1 is no limit. */
    pids: z.optional(z.object({ limit: z.optional(int64()) })),
    blockIO: z.optional(blockIOSchema()),
    hugepageLimits: z.optional(z.array(hugepageLimitSchema())),
    /** cgroup v1 only. */
    network: z.optional(networkSchema()),
    /** By device name. */
    rdma: z.optional(z.record(z.string(), rdmaSchema())),
    /** cgroup v2 file name to its text. */
    unified: z.optional(z.record(z.string(), z.string())),
  }),
)

export type Resources = z.infer<ReturnType<typeof resourcesSchema>>
export type DeviceRule = z.infer<ReturnType<typeof deviceRuleSchema>>
export type MemoryResources = z.infer<ReturnType<typeof memorySchema>>
export type CpuResources = z.infer<ReturnType<typeof cpuSchema>>
export type BlockIOResources = z.infer<ReturnType<typeof blockIOSchema>>
export type HugepageLimit = z.infer<ReturnType<typeof hugepageLimitSchema>>
export type NetworkResources = z.infer<ReturnType<typeof networkSchema>>
export type RdmaResources = z.infer<ReturnType<typeof rdmaSchema>>
