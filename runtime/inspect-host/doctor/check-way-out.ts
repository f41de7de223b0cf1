import { statSync } from 'node:fs'
import type { HostFacts } from '../host-facts.ts'
import { findWayOut, tunnelProblem } from '../way-out-program.ts'
import type { Finding } from './finding.ts'
import { startChecks } from './finding.ts'

/** What containers of ordinary users need to reach the network of this machine. */
export function checkWayOut({ rootless }: HostFacts, env: NodeJS.ProcessEnv): Finding[] {
  const checks = startChecks('rootless')
  const program = findWayOut(env)
  checks.prefer('slirp4netns or pasta', program !== undefined, {
    ok: `${program?.file}`,
    gap: 'not installed: containers of an ordinary user reach one another and have published ports, but no way out',
    fix: 'apt install slirp4netns',
  })
  checks.prefer('/dev/net/tun', isTunnelOpen(rootless), {
    ok: 'open to ordinary users',
    gap: 'missing, or closed to ordinary users: their containers have no way out',
    fix: 'modprobe tun; chmod 666 /dev/net/tun',
  })
  return checks.findings
}

/** Root may use it whatever its mode is, so the mode is what counts for others. */
function isTunnelOpen(rootless: boolean): boolean {
  if (rootless) return tunnelProblem() === undefined
  const mode = statSync('/dev/net/tun', { throwIfNoEntry: false })?.mode ?? 0
  return (mode & 0o006) === 0o006
}
