import { execFileSync } from 'node:child_process'
import { chmodSync, cpSync, existsSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { listPackageFiles } from './package-files.ts'

const checkout = join(import.meta.dirname, '../../..')

/** Where the checkout is in the guest. */
export const guestCheckout = '/mycontainer'

const guestPackages = [
  'apparmor', // its parser
  'bash',
  'busybox-static',
  'ca-certificates',
  'curl',
  'iproute2',
  'kmod',
  'libatomic1', // of the pinned Node, with libstdc++
  'libstdc++6',
  'mawk',
  'mount',
  'nftables',
  'passwd',
  'procps',
  'slirp4netns',
  'uidmap',
  'util-linux',
  'zstd',
]

/** Made by package scripts or by the administrator, so no package lists them. */
const hostConfiguration = [
  '/etc/alternatives',
  '/etc/group',
  '/etc/ld.so.cache',
  '/etc/nsswitch.conf',
  '/etc/pam.d',
  '/etc/passwd',
  '/etc/shadow',
  '/etc/ssl',
  '/etc/subgid',
  '/etc/subuid',
  '/usr/bin/awk',
  '/usr/bin/which',
  '/usr/share/zoneinfo/Asia/Tokyo',
]

/** Tools that only the host runs: compilers, linters, headers. The rest of node_modules goes along. */
const hostOnlyModules =
  /^\/node_modules\/(typescript|@typescript|oxlint|oxfmt|@oxlint[^/]*|@oxfmt[^/]*|esbuild|@esbuild|\.cache|node-linux-\w+\/(include|share))(\/|$)/

const projectFolders = ['bin', 'dist', 'examples', 'native', 'rootfs', 'runtime', 'scripts', 'test']

const ROOM_MIB = 1024 // free space in the guest, sparse on the host

function copyHostFiles(root: string): void {
  for (const name of ['bin', 'sbin', 'lib', 'lib64']) {
    mkdirSync(join(root, 'usr', name), { recursive: true })
    symlinkSync(`usr/${name}`, join(root, name))
  }
  const files = [...listPackageFiles(guestPackages), ...hostConfiguration.filter(existsSync)]
  const names = files.map((path) => path.slice(1)).join('\0')
  // tar keeps hard links, owners and file capabilities; the folders of a file it makes by itself.
  const read = "tar -C / --xattrs --xattrs-include='*' --null -T - -c"
  const write = 'tar -C "$0" --xattrs --xattrs-include=\'*\' --keep-directory-symlink -x'
  execFileSync('sh', ['-c', `${read} | ${write}`, root], { input: names })
}

/** This checkout, without what only the host runs. */
export function copyCheckout(root: string): void {
  const target = join(root, guestCheckout)
  mkdirSync(target)
  for (const name of ['package.json', 'tsconfig.json', 'node_modules', ...projectFolders]) {
    const source = join(checkout, name)
    if (!existsSync(source)) continue
    cpSync(source, join(target, name), {
      recursive: true,
      verbatimSymlinks: true,
      filter: (path) => !hostOnlyModules.test(path.slice(checkout.length)),
    })
  }
}

/** What no package has: empty folders, and files that name the machine. */
export function makeGuestFolders(root: string): void {
  const empty = [
    'dev',
    'home',
    'mnt',
    'proc',
    'root',
    'run',
    'sys',
    'tmp',
    'var/lib',
    'var/tmp',
    'vm',
  ]
  for (const name of empty) mkdirSync(join(root, name), { recursive: true })
  for (const name of ['tmp', 'var/tmp']) chmodSync(join(root, name), 0o1777)
  writeFileSync(join(root, 'etc/hosts'), '127.0.0.1 localhost guest\n::1 localhost\n')
  writeFileSync(join(root, 'etc/hostname'), 'guest\n')
  writeFileSync(join(root, 'etc/resolv.conf'), '')
}

/**
 * Make the guest's root: programs of this host, this checkout, a first program, and the command.
 *
 * @param root folder to fill; must not exist
 * @param script what /bin/bash runs in the guest, as root, in the checkout
 */
export function fillGuestRoot(root: string, script: string): void {
  mkdirSync(root)
  copyHostFiles(root)
  copyCheckout(root)
  makeGuestFolders(root)
  writeFileSync(join(root, 'vm/command'), script)
  cpSync(join(import.meta.dirname, '../guest/init.sh'), join(root, 'vm/init'))
  chmodSync(join(root, 'vm/init'), 0o755)
}

/** Turn a folder into an ext4 image, sparse, without mounting anything: mke2fs(8), option -d. */
export function makeExt4(folder: string, image: string): void {
  const [kibibytes] = execFileSync('du', ['-sk', folder], { encoding: 'utf8' }).split('\t')
  const mebibytes = Math.ceil((Number(kibibytes) / 1024) * 1.15) + ROOM_MIB
  mkdirSync(dirname(image), { recursive: true })
  const options = ['-q', '-t', 'ext4', '-m', '0', '-O', '^has_journal', '-E', 'lazy_itable_init=1']
  execFileSync('mke2fs', [...options, '-d', folder, image, `${mebibytes}M`])
}
