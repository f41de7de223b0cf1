import type { Mount } from '../spec/config.ts'
import { refuseSpec, relativePath } from './compilation.ts'
import type { Compilation } from './compilation.ts'
import { ERRNO, PROC_SUPER_MAGIC } from './flags/values.ts'
import type { Slot } from './operand.ts'

/** What programs such as lxcfs show differently; none of it is ever written by a runtime. */
const replaceable = new Set(
  [
    'cpuinfo diskstats meminfo stat swaps uptime loadavg slabinfo net/dev',
    'sys/kernel/ns_last_pid sys/crypto/fips_enabled',
  ].flatMap((names) => names.split(' ').map((name) => `proc/${name}`)),
)

/**
 * Refuse a mount that would hide /proc or what security depends on below it: labels and settings
 * are read and written there by programs that believe it to be the kernel's (CVE-2019-16884).
 *
 * @throws {OperationError} `INVALID_SPEC`
 */
export function refuseOverProc(mount: Mount, isBind: boolean): void {
  const path = relativePath(mount.destination)
  if (path !== 'proc' && !path.startsWith('proc/')) return
  // Where the process namespace is the host's, its procfs is what belongs there.
  const isProc = isBind ? mount.source === '/proc' : mount.type === 'proc'
  if ((path === 'proc' && isProc) || replaceable.has(path)) return
  refuseSpec(
    `mounts[${mount.destination}]`,
    { destination: mount.destination },
    'Programs trust /proc to be the kernel’s: choose another destination',
  )
}

/** Inner half: the same for a destination that a link of the image leads there. */
export function refuseProcTarget(c: Compilation, { destination }: Mount, target: Slot): void {
  const path = relativePath(destination)
  if (path === 'proc' || path.startsWith('proc/')) return
  const { b } = c
  const source = 'statfs(2)'
  const [bad, good] = [b.label('leads into /proc'), b.label('not in /proc')]
  const facts = b.data.scratch(120)
  b.call('fstatfs', [target, facts], {
    why: `${destination}: is this place where the image’s links lead a part of /proc?`,
    source,
  })
  b.load(b.slot('magic'), facts, 0, 8, { why: 'type of the file system', source })
  b.jumpIfEqual(b.slot('magic'), PROC_SUPER_MAGIC, bad, {
    why: 'it is the kernel’s procfs',
    source,
  })
  b.jump(good, { why: 'any other file system can be mounted on', source })
  b.place(bad)
  b.operation('FAIL', [ERRNO.ELOOP], {
    why: `${destination} leads into /proc, which must stay the kernel’s (CVE-2019-16884, CVE-2025-52881)`,
    source,
  })
  b.place(good)
}
