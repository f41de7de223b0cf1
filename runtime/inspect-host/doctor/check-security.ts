import type { HostDetails } from '../host-facts.ts'
import type { Finding } from './finding.ts'
import { startChecks } from './finding.ts'
import { readTextOf } from './probe-host.ts'

/** Security modules, and switches of the kernel that guard containers from each other. */
export function checkSecurity({ lsm, seccomp }: HostDetails): Finding[] {
  const checks = startChecks('security')
  checks.prefer('seccomp filters', seccomp, {
    ok: 'dangerous system calls are refused inside containers',
    gap: 'system calls cannot be filtered',
    fix: 'Boot a kernel with CONFIG_SECCOMP_FILTER',
  })
  checks.prefer('AppArmor or SELinux', lsm.apparmor || lsm.selinux, {
    ok: lsm.apparmor ? 'AppArmor' : 'SELinux',
    gap: 'neither is active: namespaces, capabilities and seccomp guard alone',
    fix: 'Boot with lsm=…,apparmor (Debian and Ubuntu do)',
  })
  checks.prefer('Landlock', lsm.landlock, {
    ok: 'programs may sandbox themselves further',
    gap: 'not active',
    fix: 'Boot Linux 5.13 or newer with lsm=landlock,…',
  })
  const isBpfGuarded = readTextOf('/proc/sys/kernel/unprivileged_bpf_disabled') !== '0'
  checks.prefer('unprivileged BPF', isBpfGuarded, {
    ok: 'off',
    gap: 'ordinary users may load BPF programs, a source of many kernel exploits',
    fix: 'sysctl -w kernel.unprivileged_bpf_disabled=1',
  })
  return checks.findings
}
