import { statSync } from 'node:fs'
import type { HostFacts } from '../host-facts.ts'
import type { Finding } from './finding.ts'
import { startChecks } from './finding.ts'
import { findProgram, readTextOf } from './probe-host.ts'

/** Subordinate ids and their set-id helpers, for rootless containers. */
export function checkUsers({ rootless, uid: ownUid }: HostFacts, path: string): Finding[] {
  const checks = startChecks('rootless')
  const uid = Number(process.env['MYCONTAINER_ROOTLESS_UID'] ?? ownUid)
  const name = userName(uid)
  const who = rootless ? `user ${name}` : 'any user'
  for (const file of ['/etc/subuid', '/etc/subgid']) {
    const entries = readTextOf(file).split('\n')
    const isListed = rootless
      ? entries.some((line) => line.startsWith(`${name}:`) || line.startsWith(`${uid}:`))
      : entries.some((line) => /^[^#:]+:\d+:\d+/.test(line))
    checks.prefer(file, isListed, {
      ok: `has a range for ${who}`,
      gap: `no range for ${who}: rootless containers know one user only, many images do not start`,
      fix: `usermod --add-subuids 100000-165535 --add-subgids 100000-165535 ${rootless ? name : 'USER'}`,
    })
  }
  for (const program of ['newuidmap', 'newgidmap']) {
    const file = findProgram(program, path)
    checks.prefer(program, file !== undefined && mayMapIds(file), {
      ok: `${file}`,
      gap: `${file === undefined ? 'not installed' : `${file} is neither set-uid nor has file capabilities`}: rootless containers know one user only`,
      fix: 'apt install uidmap',
    })
  }
  return checks.findings
}

/** The user on the host: inside our own user namespace everybody is called root. */
function userName(uid: number): string {
  const line = readTextOf('/etc/passwd')
    .split('\n')
    .find((entry) => entry.split(':')[2] === String(uid))
  return line?.split(':')[0] ?? String(uid)
}

// With file capabilities in place of set-uid we cannot tell without reading xattrs; distributions
// that do so (Fedora) ship the file read-only to all, so its presence is taken as good.
/** How root of the host shows in a user namespace that does not map it. */
const unmappedId = 65_534

function mayMapIds(file: string): boolean {
  try {
    const { mode, uid } = statSync(file)
    return (uid === 0 || uid === unmappedId) && (mode & 0o111) !== 0
  } catch {
    return false
  }
}
