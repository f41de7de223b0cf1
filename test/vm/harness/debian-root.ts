import { execFileSync, spawnSync, type SpawnSyncReturns } from 'node:child_process'
import { cpSync, existsSync, mkdirSync } from 'node:fs'
import { join } from 'node:path'

const checkout = join(import.meta.dirname, '../../..')
const notCopied = /^\/(\.git|\.tap|\.vagrant|dist|node_modules)(\/|$)/ // as in the Vagrantfile

/** Where the Vagrantfile puts the checkout. */
export const provisionedCheckout = '/opt/mycontainer'

/** The mirror that this host's apt takes the Debian release from. */
function findMirror(release: string): string {
  const format = '$(RELEASE) $(COMPONENT) $(REPO_URI)'
  const listing = execFileSync('apt-get', ['indextargets', '--format', format], {
    encoding: 'utf8',
  })
  const uri = new RegExp(`^${release} main (\\S+)$`, 'm').exec(listing)?.[1]
  if (!uri) throw new Error(`this host's apt has no sources for ${release} main`)
  return uri
}

/**
 * A plain Debian of its own, with this host's package sources, resolver and certificates, and this checkout as it was
 * before anybody built it.
 *
 * @param root folder that is there and empty
 * @param packages beyond the smallest Debian
 */
export function makeDebian(root: string, packages: readonly string[] = []): void {
  const more = packages.length === 0 ? [] : [`--include=${packages.join(',')}`]
  const suite = ['--variant=minbase', ...more, 'bookworm', root, findMirror('bookworm')]
  execFileSync('debootstrap', suite, { stdio: ['ignore', 'ignore', 'inherit'] })
  for (const name of ['sources.list', 'sources.list.d', 'apt.conf.d'])
    if (existsSync(join('/etc/apt', name)))
      cpSync(join('/etc/apt', name), join(root, 'etc/apt', name), { recursive: true, force: true })
  cpSync('/etc/resolv.conf', join(root, 'etc/resolv.conf'), { dereference: true })
  const certificates = process.env['NODE_EXTRA_CA_CERTS']
  if (certificates) cpSync(certificates, join(root, 'etc/host-certificates.crt'))
  copySources(root)
}

/** This checkout as the Vagrantfile copies it. */
export function copySources(root: string): void {
  mkdirSync(join(root, provisionedCheckout), { recursive: true })
  cpSync(checkout, join(root, provisionedCheckout), {
    recursive: true,
    verbatimSymlinks: true,
    filter: (path) => !notCopied.test(path.slice(checkout.length)),
  })
}

/** Run a command in the new root; its mounts are gone when it ends, however it ends. */
export function runInRoot(root: string, command: string): SpawnSyncReturns<string> {
  const registry = execFileSync('npm', ['config', 'get', 'registry'], { encoding: 'utf8' }).trim()
  // /proc read-only: kernel settings in there are those of this host.
  const mounts = 'mount -t proc -o ro proc "$0/proc" && mount --rbind /dev "$0/dev"'
  const enter = ['-m', '-p', '-f', 'sh', '-c', `${mounts} && exec chroot "$0" sh -c "$1"`]
  return spawnSync('unshare', [...enter, root, command], {
    encoding: 'utf8',
    env: {
      PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
      HOME: '/root',
      npm_config_registry: registry,
      NODE_EXTRA_CA_CERTS: '/etc/host-certificates.crt',
    },
  })
}
