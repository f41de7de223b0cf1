import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

const KERNEL_PACKAGE = 'linux-image-cloud-arm64'

/** What the tests in the guest run. */
const guestPackages = [
  'base-files',
  'base-passwd',
  'bash',
  'busybox-static',
  'coreutils',
  'curl',
  'dash',
  'findutils',
  'grep',
  'gzip',
  'hostname',
  'iproute2',
  'kmod',
  'libatomic1', // of the pinned Node, with libstdc++
  'libstdc++6',
  'login',
  'mawk',
  'mount',
  'nftables',
  'passwd',
  'perl-base',
  'procps',
  'sed',
  'slirp4netns',
  'tar',
  'uidmap',
  'util-linux',
  'zstd',
]

/** An arm64 machine's programs and kernel, unpacked and not set up. */
export interface ArmPackages {
  readonly root: string
  /** Has boot/ and lib/modules/. */
  readonly kernel: string
}

/**
 * Fetch Debian's packages for arm64 with folders of apt's of our own: this machine's architectures, lists and packages
 * stay as they are.
 *
 * @param cache keeps what was unpacked between runs
 */
export function prepareArmPackages(cache: string): ArmPackages {
  const whole = join(cache, 'debian')
  if (!existsSync(whole)) {
    const temporary = `${whole}.tmp`
    rmSync(temporary, { recursive: true, force: true })
    unpack(download(join(cache, 'apt')), temporary)
    renameSync(temporary, whole)
    rmSync(join(cache, 'apt'), { recursive: true })
  }
  return { root: join(whole, 'root'), kernel: join(whole, 'kernel') }
}

function download(folder: string): string {
  for (const part of ['state/lists/partial', 'cache/archives/partial'])
    mkdirSync(join(folder, part), { recursive: true })
  writeFileSync(join(folder, 'state/status'), '')
  const settings = [
    'APT::Architecture "arm64";',
    'APT::Architectures { "arm64"; };',
    'APT::Install-Recommends "false";',
    'APT::Sandbox::User "root";',
    `Dir::State "${join(folder, 'state')}";`,
    `Dir::State::status "${join(folder, 'state/status')}";`,
    `Dir::Cache "${join(folder, 'cache')}";`,
  ]
  writeFileSync(join(folder, 'apt.conf'), `${settings.join('\n')}\n`)
  const env = { ...process.env, APT_CONFIG: join(folder, 'apt.conf') }
  execFileSync('apt-get', ['update', '-q'], { env })
  const wanted = ['install', '-q', '-y', '--download-only', KERNEL_PACKAGE, ...guestPackages]
  execFileSync('apt-get', wanted, { env, maxBuffer: 2 ** 24 })
  return join(folder, 'cache/archives')
}

function unpack(archives: string, target: string): void {
  const root = join(target, 'root')
  mkdirSync(root, { recursive: true })
  for (const name of readdirSync(archives).filter((file) => file.endsWith('.deb'))) {
    const isKernel = name.startsWith('linux-image-')
    execFileSync('dpkg-deb', ['-x', join(archives, name), isKernel ? join(target, 'kernel') : root])
  }
  mergeUsr(root)
  const [version = ''] = readdirSync(join(target, 'kernel/lib/modules'))
  execFileSync('depmod', ['-b', join(target, 'kernel'), version])
}

/** Packages still have files in /bin and /lib, which Debian's installer makes links into /usr. */
function mergeUsr(root: string): void {
  const script = `cd "$0"
for name in bin sbin lib; do
  [ -L $name ] || { cp -a $name/. usr/$name/; rm -r $name; ln -s usr/$name $name; }
done
ln -sf dash usr/bin/sh
ln -sf mawk usr/bin/awk
cp usr/share/base-passwd/passwd.master etc/passwd
cp usr/share/base-passwd/group.master etc/group
sed 's/:.*/:*:19000:0:99999:7:::/' etc/passwd > etc/shadow
printf 'passwd: files\\ngroup: files\\nhosts: files dns\\n' > etc/nsswitch.conf
rm -rf usr/share/doc usr/share/man usr/share/locale`
  execFileSync('sh', ['-ec', script, root])
}
