import { existsSync } from 'node:fs'
import type { HostFacts } from '../host-facts.ts'
import type { Finding } from './finding.ts'
import { startChecks } from './finding.ts'

const controllers = [
  { v2: 'memory', v1: 'memory', flags: '--memory, OOM protection' },
  { v2: 'cpu', v1: 'cpu', flags: '--cpus, --cpu-shares' },
  { v2: 'cpuset', v1: 'cpuset', flags: '--cpuset-cpus, --cpuset-mems' },
  { v2: 'pids', v1: 'pids', flags: '--pids-limit, fork bomb protection' },
  { v2: 'io', v1: 'blkio', flags: '--blkio-weight, --device-read-bps, …' },
  { v2: 'hugetlb', v1: 'hugetlb', flags: 'hugepageLimits' },
  { v2: 'rdma', v1: 'rdma', flags: 'RDMA limits' },
] as const

/** Cgroup mode, where we may make groups, and each controller with its place. */
export function checkCgroups({ cgroups, rootless }: HostFacts): Finding[] {
  const checks = startChecks('cgroups')
  const { mode, v2, v1, v1Writable, deviceControl } = cgroups
  checks.prefer('mode', mode === 'v2', {
    ok: `pure cgroup v2 at ${v2?.mountPoint}`,
    gap: {
      v2: '',
      hybrid: 'hybrid: controllers sit in cgroup v1, each limited start costs 6 to 10 ms more',
      v1: 'cgroup v1 only: limited starts are slow, no cgroup.kill, no pressure figures',
      none: 'no cgroup hierarchy is mounted: no limits, no statistics, no pause',
    }[mode],
    fix:
      mode === 'none'
        ? 'mount -t cgroup2 none /sys/fs/cgroup'
        : 'Boot with cgroup_no_v1=all (with systemd: systemd.unified_cgroup_hierarchy=1)',
  })
  const base = v2?.base
  checks.prefer('own groups', base !== undefined || v1Writable, {
    ok: `groups are made below ${base ?? 'the v1 hierarchies'}`,
    gap: 'this user may make no groups: containers run without limits, pause and statistics',
    fix: rootless
      ? 'With systemd: loginctl enable-linger, and Delegate=yes for user@.service; then systemd-run --user --scope'
      : 'Mount the cgroup file system read-write',
  })
  for (const controller of controllers) {
    const isV2 = base !== undefined && v2?.controllers.includes(controller.v2) === true
    const v1Mount = v1Writable ? v1[controller.v1] : undefined
    const isRare = controller.v2 === 'rdma' || controller.v2 === 'hugetlb'
    const check = isRare ? checks.prefer : checks.expect
    check(controller.v2, isV2 || v1Mount !== undefined, {
      ok: isV2 ? `v2, ${base}` : `v1, ${v1Mount}`,
      gap: `not here: ${controller.flags} are refused`,
      fix: rootless
        ? `Delegate it: Delegate=${controller.v2} in user@.service.d/delegate.conf`
        : `Boot a kernel with the ${controller.v2} controller, without cgroup_disable=${controller.v2}`,
    })
  }
  checks.prefer('swap accounting', cgroups.swapAccounting, {
    ok: '--memory-swap is honoured',
    gap: '--memory-swap is ignored: the kernel does not count swap',
    fix: 'Boot with swapaccount=1',
  })
  checks.prefer('device rules', deviceControl !== 'none' || rootless, {
    ok: rootless
      ? 'not needed: device nodes cannot be made'
      : `enforced by ${deviceControl === 'bpf' ? 'a BPF program' : 'the v1 devices controller'}`,
    gap: '--device rules are refused',
    fix: 'Mount cgroup v2 on a kernel with CONFIG_CGROUP_BPF',
  })
  checks.prefer('pressure', existsSync('/proc/pressure/memory'), {
    ok: 'stats show stall times (PSI)',
    gap: 'stats show no stall times',
    fix: 'Boot with psi=1 (CONFIG_PSI)',
  })
  return checks.findings
}
