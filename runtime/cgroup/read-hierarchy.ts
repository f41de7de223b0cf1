import { accessSync, constants, existsSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import type { CgroupHierarchy, CgroupMount, CgroupV2 } from './hierarchy.ts'
import { cgroupMode, parseCgroupMounts, parseControllers, parseOwnV2Path } from './hierarchy.ts'

function readText(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return ''
  }
}

function isWritable(path: string): boolean {
  try {
    accessSync(path, constants.W_OK)
    return true
  } catch {
    return false
  }
}

/**
 * Detect the cgroup hierarchies of this host and where we may make groups in them.
 * About ten small file reads, no processes, nothing changed. Missing files mean "not there".
 */
export function readHierarchy(): CgroupHierarchy {
  const mounts = parseCgroupMounts(readText('/proc/self/mountinfo'))
  const v2Mount = mounts.find((mount) => mount.version === 'v2')
  const v1: Record<string, string> = {}
  for (const mount of mounts)
    for (const controller of mount.controllers) v1[controller] ??= mount.mountPoint
  const v2 = v2Mount && readV2(v2Mount)
  const v1Writable = mounts.some(
    ({ controllers, readOnly, mountPoint }) =>
      controllers.length > 0 && !readOnly && isWritable(mountPoint),
  )
  return {
    mode: cgroupMode(mounts),
    v2,
    v1,
    v1Writable,
    v1Cpuset: readV1Cpuset(v1),
    swapAccounting:
      v1['memory'] === undefined || existsSync(join(v1['memory'], 'memory.memsw.limit_in_bytes')),
    deviceControl: readDeviceControl(v1, v1Writable, v2),
  }
}

function readV1Cpuset(v1: Readonly<Record<string, string>>): CgroupHierarchy['v1Cpuset'] {
  const folder = v1['cpuset']
  if (folder === undefined) return undefined
  return {
    cpus: readText(join(folder, 'cpuset.cpus')).trim(),
    mems: readText(join(folder, 'cpuset.mems')).trim(),
  }
}

// The sysctl exists exactly where the kernel has bpf(2) (CONFIG_BPF_SYSCALL).
function readDeviceControl(
  v1: Readonly<Record<string, string>>,
  v1Writable: boolean,
  v2: CgroupV2 | undefined,
): CgroupHierarchy['deviceControl'] {
  if (v2?.base !== undefined && existsSync('/proc/sys/kernel/unprivileged_bpf_disabled'))
    return 'bpf'
  return v1['devices'] !== undefined && v1Writable ? 'v1' : 'none'
}

function readV2(mount: CgroupMount): CgroupV2 {
  const { mountPoint } = mount
  const base = mount.readOnly ? undefined : findBase(mountPoint)
  return { mountPoint, base, controllers: readUsableControllers(base ?? mountPoint) }
}

// Root may make groups anywhere and takes the top. Everybody else needs a delegated subtree:
// the highest writable ancestor of our own group, because a process may only move (or be
// cloned) inside a common writable ancestor (cgroup-v2.rst, "Delegation Containment").
function findBase(mountPoint: string): string | undefined {
  if (isWritable(mountPoint) && isWritable(join(mountPoint, 'cgroup.procs'))) return mountPoint
  const ownPath = parseOwnV2Path(readText('/proc/self/cgroup'))
  if (ownPath === undefined || ownPath.includes('..')) return undefined
  let base: string | undefined
  for (let at = join(mountPoint, ownPath); at.length > mountPoint.length; at = dirname(at)) {
    if (!isWritable(at) || !isWritable(join(at, 'cgroup.procs'))) break
    base = at
  }
  return base
}

// A group that holds processes can enable no further controllers ("No Internal Process
// Constraint"), except the real root, which alone has no cgroup.type.
function readUsableControllers(folder: string): string[] {
  const isRealRoot = !existsSync(join(folder, 'cgroup.type'))
  const isEmpty = isRealRoot || readText(join(folder, 'cgroup.procs')).trim() === ''
  return parseControllers(
    readText(join(folder, isEmpty ? 'cgroup.controllers' : 'cgroup.subtree_control')),
  )
}
