import { statfsSync } from 'node:fs'
import { dirname } from 'node:path'
import type { HostDetails, HostFacts } from '../host-facts.ts'
import { isAtLeast } from '../host-facts.ts'
import type { Finding } from './finding.ts'
import { startChecks } from './finding.ts'
import { hasKernelModule } from './probe-host.ts'

const GIB = 2 ** 30

// Magic numbers of statfs(2) for file systems that cannot hold an overlay's upper layer.
const unfitFileSystems: ReadonlyMap<number, string> = new Map([
  [0x6969, 'NFS'],
  [0x794c_7630, 'overlayfs'],
  [0xff53_4d42, 'CIFS'],
  [0x6573_5546, 'FUSE'],
  [0x0102_1997, '9p'],
  [0xf15f, 'eCryptfs'],
  [0x4d44, 'FAT'],
])

/**
 * Overlay file systems, and the folder that holds images and containers.
 *
 * @param dataFolder may not exist yet; then its nearest parent counts
 */
export function checkStorage(
  facts: HostFacts,
  details: HostDetails,
  dataFolder: string,
): Finding[] {
  const checks = startChecks('storage')
  const hasOverlay = details.overlay === true || hasKernelModule('overlay', facts.kernel.release)
  checks.expect('overlay', hasOverlay, {
    ok: 'layers of images are shared',
    gap: 'the kernel has no overlay file system: no containers from images, only --rootfs',
    fix: 'modprobe overlay, or boot a kernel with CONFIG_OVERLAY_FS',
  })
  const inUserNamespaces = isAtLeast(facts.kernel, 5, 11)
  const check = facts.rootless ? checks.expect : checks.prefer
  check('overlay in user namespaces', hasOverlay && inUserNamespaces, {
    ok: 'rootless containers share layers too',
    gap: 'rootless containers cannot mount images',
    fix: 'Boot Linux 5.11 or newer',
  })
  const found = statNearest(dataFolder)
  if (found === undefined) return checks.findings
  const unfit = unfitFileSystems.get(found.type)
  checks.expect('data folder', unfit === undefined, {
    ok: `${dataFolder} can hold containers`,
    gap: `${dataFolder} is on ${unfit}, which cannot hold the changes of a container`,
    fix: 'Use --root with a folder on ext4, XFS, Btrfs or tmpfs',
  })
  checks.prefer('free space', found.freeBytes >= GIB, {
    ok: `${(found.freeBytes / GIB).toFixed(1)} GiB`,
    gap: `${(found.freeBytes / GIB).toFixed(2)} GiB: images may not fit`,
    fix: 'mycontainer prune, or --root with a folder on a larger disk',
  })
  checks.prefer('free inodes', found.inodes === 0 || found.freeInodes >= 50_000, {
    ok: found.inodes === 0 ? 'the file system makes them as needed' : String(found.freeInodes),
    gap: `${found.freeInodes}: an image has 10 000 to 100 000 files`,
    fix: 'mycontainer prune, or --root with a folder on another file system',
  })
  return checks.findings
}

function statNearest(
  folder: string,
): { type: number; freeBytes: number; inodes: number; freeInodes: number } | undefined {
  for (let at = folder; ; at = dirname(at)) {
    try {
      const { type, bavail, bsize, files, ffree } = statfsSync(at)
      return { type, freeBytes: bavail * bsize, inodes: files, freeInodes: ffree }
    } catch {
      if (at === dirname(at)) return undefined
    }
  }
}
