import { existsSync } from 'node:fs'
import { landlockVersion } from '../../../native/landlock.ts'
import { apparmorProfileName } from '../../security/apparmor-profile.ts'
import { landlockVersionNeeded } from '../../security/landlock.ts'
import type { HostDetails } from '../host-facts.ts'
import type { Checks, Finding } from './finding.ts'
import { startChecks } from './finding.ts'
import { findProgram, readTextOf } from './probe-host.ts'

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
  if (lsm.apparmor) checkApparmorParser(checks)
  checkLandlock(checks, lsm.landlock)
  const isBpfGuarded = readTextOf('/proc/sys/kernel/unprivileged_bpf_disabled') !== '0'
  checks.prefer('unprivileged BPF', isBpfGuarded, {
    ok: 'off',
    gap: 'ordinary users may load BPF programs, a source of many kernel exploits',
    fix: 'sysctl -w kernel.unprivileged_bpf_disabled=1',
  })
  return checks.findings
}

function checkApparmorParser(checks: Checks): void {
  const parser = findProgram('apparmor_parser', process.env['PATH'] ?? '')
  const isListed = existsSync('/sys/kernel/security/apparmor')
  checks.prefer('AppArmor profile', parser !== undefined && isListed, {
    ok: `${apparmorProfileName} is loaded with the first container that root starts`,
    gap: 'containers run without a profile: it cannot be loaded',
    fix: isListed ? 'apt install apparmor' : 'mount -t securityfs securityfs /sys/kernel/security',
  })
}

function checkLandlock(checks: Checks, isActive: boolean): void {
  const version = isActive ? landlockVersion() : 0
  checks.prefer('Landlock', version >= landlockVersionNeeded, {
    ok: `version ${version}: each container has a domain of its own`,
    gap:
      version === 0
        ? 'not active: who enters a container that has CAP_SYS_PTRACE has one guard less'
        : `version ${version} knows no scopes: containers get no domain of their own, --security-opt landlock= is refused`,
    fix: 'Boot Linux 6.12 or newer with lsm=landlock,…',
  })
}
