// The `linux.resources` section of the OCI runtime specification 1.3, as far as cgroups
// need it. Structural on purpose: any parsed configuration fits.
// https://github.com/opencontainers/runtime-spec/blob/v1.3.0/config-linux.md#control-groups

/** 64-bit values may come as bigint, so that nothing is rounded. */
export type Integer = number | bigint

type Opt<T> = { readonly [K in keyof T]?: T[K] | undefined }

export interface DeviceRule {
  readonly allow: boolean
  /** `a` all (default), `b` block, `c` character (`u` is the same as `c`). */
  readonly type?: string | undefined
  /** Absent or -1: every number. */
  readonly major?: Integer | undefined
  readonly minor?: Integer | undefined
  /** Any of `r`, `w`, `m` (mknod); absent: all. */
  readonly access?: string | undefined
}

export type MemoryResources = Opt<{
  /** Bytes; -1 unlimited. */
  limit: Integer
  /** Soft limit in bytes. */
  reservation: Integer
  /** Memory plus swap in bytes; -1 unlimited; 0 like absent. */
  swap: Integer
  kernel: Integer
  kernelTCP: Integer
  /** 0 to 100. */
  swappiness: Integer
  disableOOMKiller: boolean
  useHierarchy: boolean
  /** On update: refuse a limit below the present usage. */
  checkBeforeUpdate: boolean
}>

export type CpuResources = Opt<{
  /** Relative weight, 2 to 262144; 0 like absent. */
  shares: Integer
  /** Microseconds per period; 0 or negative: no limit. */
  quota: Integer
  burst: Integer
  /** Microseconds; 0 or absent: 100 000. */
  period: Integer
  realtimeRuntime: Integer
  realtimePeriod: Integer
  cpus: string
  mems: string
  /** 1: only when nothing else wants to run. */
  idle: Integer
}>

export interface ThrottleDevice {
  readonly major: Integer
  readonly minor: Integer
  /** Bytes or operations per second; 0: no limit. */
  readonly rate: Integer
}

export interface WeightDevice {
  readonly major: Integer
  readonly minor: Integer
  readonly weight?: Integer | undefined
  readonly leafWeight?: Integer | undefined
}

export type BlockIoResources = Opt<{
  /** 10 to 1000; 0 like absent. */
  weight: Integer
  leafWeight: Integer
  weightDevice: readonly WeightDevice[]
  throttleReadBpsDevice: readonly ThrottleDevice[]
  throttleWriteBpsDevice: readonly ThrottleDevice[]
  throttleReadIOPSDevice: readonly ThrottleDevice[]
  throttleWriteIOPSDevice: readonly ThrottleDevice[]
}>

export interface HugepageLimit {
  /** e.g. `2MB`. */
  readonly pageSize: string
  /** Bytes. */
  readonly limit: Integer
}

export type CgroupResources = Opt<{
  devices: readonly DeviceRule[]
  memory: MemoryResources
  cpu: CpuResources
  pids: Opt<{ limit: Integer }>
  blockIO: BlockIoResources
  hugepageLimits: readonly HugepageLimit[]
  network: Opt<{
    classID: Integer
    priorities: readonly { readonly name: string; readonly priority: Integer }[]
  }>
  rdma: Readonly<Record<string, Opt<{ hcaHandles: Integer; hcaObjects: Integer }>>>
  unified: Readonly<Record<string, string>>
}>
