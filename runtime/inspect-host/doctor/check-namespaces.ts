import { existsSync } from 'node:fs'
import type { HostFacts } from '../host-facts.ts'
import type { Finding } from './finding.ts'
import { startChecks } from './finding.ts'
import { readTextOf } from './probe-host.ts'

const kinds = [
  { file: 'mnt', limit: 'mnt', isRequired: true, use: 'own root file system and mounts' },
  { file: 'pid', limit: 'pid', isRequired: true, use: 'own process numbers' },
  { file: 'net', limit: 'net', isRequired: true, use: 'own network interfaces' },
  { file: 'uts', limit: 'uts', isRequired: true, use: 'own host name' },
  { file: 'ipc', limit: 'ipc', isRequired: true, use: 'own shared memory and semaphores' },
  { file: 'cgroup', limit: 'cgroup', isRequired: false, use: 'own view of control groups' },
  { file: 'user', limit: 'user', isRequired: false, use: 'rootless containers and --userns' },
  { file: 'time', limit: 'time', isRequired: false, use: 'own monotonic clock (--time-ns)' },
] as const

/** Each kind of namespace, and the limits and switches that may forbid it. */
export function checkNamespaces(facts: HostFacts): Finding[] {
  const checks = startChecks('namespaces')
  for (const { file, limit, isRequired, use } of kinds) {
    const isThere = existsSync(`/proc/self/ns/${file}`)
    const sysctl = `/proc/sys/user/max_${limit}_namespaces`
    const max = readTextOf(sysctl)
    const isAllowed = isThere && max !== '0'
    const check = isRequired ? checks.require : checks.expect
    check(file, isAllowed, {
      ok: use,
      gap: isThere ? `${sysctl} is 0: none can be made (${use})` : `the kernel has none (${use})`,
      fix: isThere
        ? `sysctl -w user.max_${limit}_namespaces=${file === 'user' ? 15000 : 10000}`
        : `Boot a kernel with CONFIG_${file === 'mnt' ? 'NAMESPACES' : `${limit.toUpperCase()}_NS`}`,
    })
  }
  checkUnprivilegedUserNamespaces(facts, checks)
  return checks.findings
}

function checkUnprivilegedUserNamespaces(
  facts: HostFacts,
  checks: ReturnType<typeof startChecks>,
): void {
  const isDebianOff = readTextOf('/proc/sys/kernel/unprivileged_userns_clone') === '0'
  const isAppArmorOff = readTextOf('/proc/sys/kernel/apparmor_restrict_unprivileged_userns') === '1'
  const check = facts.rootless ? checks.require : checks.prefer
  check('unprivileged user', !isDebianOff && !isAppArmorOff, {
    ok: 'ordinary users may make user namespaces (rootless containers)',
    gap: 'ordinary users may not make user namespaces: no rootless containers',
    fix: isDebianOff
      ? 'sysctl -w kernel.unprivileged_userns_clone=1'
      : 'sysctl -w kernel.apparmor_restrict_unprivileged_userns=0, or an AppArmor profile with "userns,"',
  })
}
