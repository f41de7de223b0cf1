// What the kernel offers in cgroups, as plain data. The planner takes this as input and
// reads no file itself, so that a plan for any host can be made (and tested) on any other.

/** v2 only, v1 controllers beside an (almost) empty v2 tree, v1 only, or nothing mounted. */
export type CgroupMode = 'v2' | 'hybrid' | 'v1' | 'none'

export interface CgroupV2 {
  readonly mountPoint: string
  /** Controllers that groups below `base` can get. */
  readonly controllers: readonly string[]
  /** Absolute folder below which we may make groups; absent: we may not. */
  readonly base: string | undefined
}

export interface CgroupHierarchy {
  readonly mode: CgroupMode
  readonly v2?: CgroupV2 | undefined
  /** Controller to the mount point of its v1 hierarchy (co-mounted controllers share one). */
  readonly v1: Readonly<Record<string, string>>
  /** Whether we may make groups in the v1 hierarchies. */
  readonly v1Writable: boolean
  /** CPUs and memory nodes of the v1 cpuset root: a new v1 group starts with none and must copy them. */
  readonly v1Cpuset?: { readonly cpus: string; readonly mems: string } | undefined
  /** Whether swap can be limited (v1: `swapaccount`; v2: assumed, a missing file is tolerated). */
  readonly swapAccounting: boolean
  /** What can enforce device rules. A BPF program needs a v2 group, but works on hybrid hosts too. */
  readonly deviceControl: 'bpf' | 'v1' | 'none'
}

export interface CgroupMount {
  readonly mountPoint: string
  readonly version: 'v1' | 'v2'
  readonly readOnly: boolean
  /** v1: the controllers of this hierarchy; empty for v2 and for named hierarchies. */
  readonly controllers: readonly string[]
}

const v1Controllers = new Set(
  'cpu cpuacct cpuset memory devices freezer blkio pids net_cls net_prio perf_event hugetlb rdma misc debug'.split(
    ' ',
  ),
)

/** Cgroup mounts among the lines of `/proc/PID/mountinfo` (proc_pid_mountinfo(5)). */
export function parseCgroupMounts(mountinfo: string): CgroupMount[] {
  const mounts: CgroupMount[] = []
  for (const line of mountinfo.split('\n')) {
    if (!line.includes(' - cgroup')) continue
    const [before = '', after = ''] = line.split(' - ')
    const fields = before.split(' ')
    const [type, , superOptions = ''] = after.split(' ')
    if (type !== 'cgroup' && type !== 'cgroup2') continue
    const options = superOptions.split(',')
    mounts.push({
      mountPoint: unescapeOctal(fields[4] ?? ''),
      version: type === 'cgroup2' ? 'v2' : 'v1',
      readOnly: (fields[5] ?? '').split(',').includes('ro') || options.includes('ro'),
      controllers: type === 'cgroup' ? options.filter((option) => v1Controllers.has(option)) : [],
    })
  }
  return mounts
}

/** v2 line of `/proc/PID/cgroup` (cgroups(7)): path of the process's group, e.g. `/user.slice`. */
export function parseOwnV2Path(procCgroup: string): string | undefined {
  for (const line of procCgroup.split('\n')) if (line.startsWith('0::')) return line.slice(3)
  return undefined
}

/** Space-separated controller names, as in `cgroup.controllers`. */
export function parseControllers(text: string): string[] {
  return text.split(/\s+/).filter((name) => name !== '')
}

function unescapeOctal(text: string): string {
  return text.replaceAll(/\\(\d{3})/g, (_, digits: string) =>
    String.fromCodePoint(Number.parseInt(digits, 8)),
  )
}

/** The mode that a set of mounts makes. */
export function cgroupMode(mounts: readonly CgroupMount[]): CgroupMode {
  const hasV2 = mounts.some((mount) => mount.version === 'v2')
  const hasV1 = mounts.some((mount) => mount.controllers.length > 0)
  if (hasV2) return hasV1 ? 'hybrid' : 'v2'
  return hasV1 ? 'v1' : 'none'
}
