import * as z from 'zod/mini'
import { flag, optional, text } from './field.ts'
import { int64, uint16, uint32, uint64 } from './integer.ts'
import { once } from './once.ts'

/** One rule of the device cgroup; later rules override earlier ones. */
const deviceRuleSchema = once(() =>
  z.object({
    allow: flag(),
    /** Absent: all types. */
    type: optional(z.enum(['a', 'b', 'c'])),
    /** Absent or -1: any. */
    major: optional(int64()),
    minor: optional(int64()),
    /** Letters of `rwm`: read, write, mknod. Absent: all. */
    access: optional(text()),
  }),
)

/** Bytes throughout; -1 is no limit, absent leaves what is there. */
const memorySchema = once(() =>
  z.object({
    limit: optional(int64()),
    reservation: optional(int64()),
    /** Memory plus swap, so never less than `limit`. */
    swap: optional(int64()),
    kernel: optional(int64()),
    kernelTCP: optional(int64()),
    /** 0 to 100. */
    swappiness: optional(uint64()),
    disableOOMKiller: optional(flag()),
    useHierarchy: optional(flag()),
    /** On update: refuse a limit below the present use. */
    checkBeforeUpdate: optional(flag()),
  }),
)

/** Times in microseconds. */
const cpuSchema = once(() =>
  z.object({
    /** Relative weight, cgroup v1 scale (1024 is the default). */
    shares: optional(uint64()),
    /** CPU time in one period; zero or negative is no limit. */
    quota: optional(int64()),
    burst: optional(uint64()),
    /** Zero or absent: the kernel's 100 000. */
    period: optional(uint64()),
    realtimeRuntime: optional(int64()),
    realtimePeriod: optional(uint64()),
    /** CPU list, e.g. `0-3,7`. */
    cpus: optional(text()),
    /** NUMA node list. */
    mems: optional(text()),
    /** 1 is SCHED_IDLE for the whole cgroup. */
    idle: optional(int64()),
  }),
)

const blockIOSchema = once(() => {
  const device = { major: int64(), minor: int64() }
  const throttle = optional(z.array(z.object({ ...device, rate: uint64() })))
  const weight = { weight: optional(uint16()), leafWeight: optional(uint16()) }
  return z.object({
    /** 10 to 1000, or 0 for "not set". */
    ...weight,
    weightDevice: optional(z.array(z.object({ ...device, ...weight }))),
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
    pageSize: text(),
    /** Bytes. */
    limit: uint64(),
  }),
)

const networkSchema = once(() =>
  z.object({
    classID: optional(uint32()),
    priorities: optional(z.array(z.object({ name: text(), priority: uint32() }))),
  }),
)

const rdmaSchema = once(() =>
  z.object({ hcaHandles: optional(uint32()), hcaObjects: optional(uint32()) }),
)

/** @see https://github.com/opencontainers/runtime-spec/blob/v1.3.0/config-linux.md#control-groups */
export const resourcesSchema = once(() =>
  z.object({
    devices: optional(z.array(deviceRuleSchema())),
    memory: optional(memorySchema()),
    cpu: optional(cpuSchema()),
    /** Number of tasks; -1 is no limit. */
    pids: optional(z.object({ limit: optional(int64()) })),
    blockIO: optional(blockIOSchema()),
    hugepageLimits: optional(z.array(hugepageLimitSchema())),
    /** cgroup v1 only. */
    network: optional(networkSchema()),
    /** By device name. */
    rdma: optional(z.record(text(), rdmaSchema())),
    /** cgroup v2 file name to its text. */
    unified: optional(z.record(text(), text())),
  }),
)

export type Resources = z.infer<ReturnType<typeof resourcesSchema>>
export type DeviceRule = z.infer<ReturnType<typeof deviceRuleSchema>>
export type MemoryResources = z.infer<ReturnType<typeof memorySchema>>
export type CpuResources = z.infer<ReturnType<typeof cpuSchema>>
export type HugepageLimit = z.infer<ReturnType<typeof hugepageLimitSchema>>
