/** Where a number comes from: a cgroup version, or the sum over the processes now alive. */
export type StatsSource = 'v2' | 'v1' | 'proc' | 'none'

export interface CgroupStats {
  readonly cpu: {
    readonly source: StatsSource
    /** CPU time used since the group was made, in nanoseconds. */
    readonly usageNs: number
    readonly userNs: number
    readonly systemNs: number
    /** v1 `cpuacct` only. */
    readonly perCpuNs?: readonly number[] | undefined
    /** Time in which the group was held back by its quota. */
    readonly throttledNs: number
    readonly throttledPeriods: number
  }
  readonly memory: {
    readonly source: StatsSource
    /** In use without the page cache that could be dropped at once, as docker counts. */
    readonly usageBytes: number
    /** Absent: no limit. */
    readonly limitBytes?: number | undefined
    /** Highest usage so far (page cache included). */
    readonly maxBytes?: number | undefined
    readonly swapBytes?: number | undefined
  }
  readonly pids: {
    readonly source: StatsSource
    readonly current: number
    /** Absent: no limit. */
    readonly limit?: number | undefined
  }
  readonly io: {
    readonly source: StatsSource
    readonly readBytes: number
    readonly writeBytes: number
    readonly readOps: number
    readonly writeOps: number
  }
}
