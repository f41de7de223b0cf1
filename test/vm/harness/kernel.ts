import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync } from 'node:fs'
import { join } from 'node:path'

const META_PACKAGE = 'linux-image-cloud-amd64'

/** What the guest needs beyond its built-ins: disk, network, containers. */
const wantedModules = [
  'virtio_pci',
  'virtio_blk',
  'virtio_net',
  'virtio_rng',
  'ext4',
  'overlay',
  'loop',
  'tun',
  'veth',
  'bridge',
  'br_netfilter',
  'dummy',
  'macvlan',
  '8021q',
  'vxlan',
  'nf_tables',
  'nf_conntrack_netlink',
  'nft_chain_nat',
  'nft_nat',
  'nft_masq',
  'nft_redir',
  'nft_ct',
  'nft_fib_inet',
  'nft_reject_inet',
  'nft_log',
  'nft_limit',
  'nft_numgen',
]

export interface Kernel {
  /** Path of the bzImage. */
  readonly image: string
  /** Paths of module files, each after those it needs. */
  readonly modules: readonly string[]
}

function run(program: string, programArguments: readonly string[], cwd?: string): string {
  return execFileSync(program, programArguments, { encoding: 'utf8', cwd })
}

function findKernelPackage(): string {
  const depends = /Depends: (linux-image-\S+)/.exec(run('apt-cache', ['depends', META_PACKAGE]))
  if (!depends?.[1]) throw new Error(`apt knows no kernel behind ${META_PACKAGE}`)
  return depends[1]
}

/** Fetch and unpack the kernel package without installing it; renamed into place when whole. */
function unpackKernel(target: string): void {
  mkdirSync(join(target, '..'), { recursive: true })
  const temporary = mkdtempSync(`${target}.`)
  try {
    // A package list older than the archive names a file that has gone: update and ask again.
    try {
      run(
        'apt-get',
        ['download', '-q', '-o', 'APT::Sandbox::User=root', findKernelPackage()],
        temporary,
      )
    } catch {
      run('apt-get', ['update', '-q'])
      run(
        'apt-get',
        ['download', '-q', '-o', 'APT::Sandbox::User=root', findKernelPackage()],
        temporary,
      )
    }
    const [archive] = readdirSync(temporary)
    if (!archive) throw new Error(`apt-get downloaded nothing into ${temporary}`)
    run('dpkg-deb', ['-x', join(temporary, archive), join(temporary, 'root')])
    for (const version of readdirSync(join(temporary, 'root/lib/modules')))
      run('depmod', ['-b', join(temporary, 'root'), version])
    renameSync(join(temporary, 'root'), target)
  } finally {
    rmSync(temporary, { recursive: true, force: true })
  }
}

/** Module files in loading order, as modprobe(8) would load them. */
export function listModules(root: string, version: string): string[] {
  const files = wantedModules.flatMap((name) =>
    run('modprobe', ['-d', root, '-S', version, '--show-depends', name])
      .split('\n')
      .flatMap((line) => /^insmod (\S+)/.exec(line)?.[1] ?? []),
  )
  return [...new Set(files)]
}

/**
 * Debian's cloud kernel, taken from its package into a folder; the host's own kernel does not matter.
 *
 * @param cache folder that keeps the unpacked package between runs
 * @throws {Error} another architecture, or the package can be neither found nor fetched
 */
export function prepareKernel(cache: string): Kernel {
  if (process.arch !== 'x64') throw new Error(`no guest kernel for ${process.arch}, only for x64`)
  const root = join(cache, 'kernel')
  if (!existsSync(root)) unpackKernel(root)
  const [version] = readdirSync(join(root, 'lib/modules'))
  if (!version) throw new Error(`no kernel modules in ${root}: remove the folder and try again`)
  return { image: join(root, 'boot', `vmlinuz-${version}`), modules: listModules(root, version) }
}
