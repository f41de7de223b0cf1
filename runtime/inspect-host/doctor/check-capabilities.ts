import type { HostFacts } from '../host-facts.ts'
import type { Finding } from './finding.ts'
import { startChecks } from './finding.ts'

const needed = [
  { name: 'CAP_SYS_ADMIN', isRequired: true, gap: 'no namespaces, no mounts' },
  { name: 'CAP_SETUID', isRequired: true, gap: 'containers cannot run as another user' },
  { name: 'CAP_SETGID', isRequired: true, gap: 'containers cannot run with other groups' },
  { name: 'CAP_SETPCAP', isRequired: true, gap: 'capabilities cannot be dropped' },
  { name: 'CAP_NET_ADMIN', isRequired: false, gap: 'only --network none and host work' },
  { name: 'CAP_CHOWN', isRequired: false, gap: 'image layers cannot keep their owners' },
  { name: 'CAP_DAC_OVERRIDE', isRequired: false, gap: 'files of other owners stay closed' },
  { name: 'CAP_MKNOD', isRequired: false, gap: 'devices are bind mounts of the host nodes' },
  { name: 'CAP_SYS_CHROOT', isRequired: false, gap: 'joining mount namespaces (exec) fails' },
  { name: 'CAP_SYS_PTRACE', isRequired: false, gap: 'ns and top see less of other processes' },
  {
    name: 'CAP_SYS_RESOURCE',
    isRequired: false,
    gap: 'limits (--ulimit) above our own hard limits and a lower --oom-score-adj are refused',
  },
  { name: 'CAP_BPF', isRequired: false, gap: 'device rules on cgroup v2 need CAP_SYS_ADMIN' },
] as const

/** Capabilities of this process, each with what its lack costs. */
export function checkCapabilities(facts: HostFacts): Finding[] {
  const checks = startChecks('capabilities')
  if (facts.rootless && facts.euid !== 0) {
    checks.prefer('root', false, {
      ok: '',
      gap: 'not root: containers run in a user namespace, without host devices and low ports',
      fix: 'Use sudo where root is needed',
    })
    return checks.findings
  }
  for (const { name, isRequired, gap } of needed) {
    const check = isRequired ? checks.require : checks.prefer
    check(name, facts.capabilities.includes(name), {
      ok: 'held',
      gap,
      fix: `Start this shell with ${name}: what started it took the capability away`,
    })
  }
  return checks.findings
}
