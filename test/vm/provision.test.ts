import { execFileSync, spawnSync, type SpawnSyncReturns } from 'node:child_process'
import { cpSync, existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t from 'tap'

const checkout = join(import.meta.dirname, '../..')
const guestCheckout = '/opt/mycontainer'
const notCopied = /^\/(\.git|\.tap|\.vagrant|dist|node_modules)(\/|$)/ // as in the Vagrantfile

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

/** A plain Debian of its own, with this host's package sources, resolver and certificates. */
function makeDebian(root: string): void {
  const suite = ['--variant=minbase', 'bookworm', root, findMirror('bookworm')]
  execFileSync('debootstrap', suite, { stdio: ['ignore', 'ignore', 'inherit'] })
  for (const name of ['sources.list', 'sources.list.d', 'apt.conf.d'])
    if (existsSync(join('/etc/apt', name)))
      cpSync(join('/etc/apt', name), join(root, 'etc/apt', name), { recursive: true, force: true })
  cpSync('/etc/resolv.conf', join(root, 'etc/resolv.conf'), { dereference: true })
  const certificates = process.env['NODE_EXTRA_CA_CERTS']
  if (certificates) cpSync(certificates, join(root, 'etc/host-certificates.crt'))
  cpSync(checkout, join(root, guestCheckout), {
    recursive: true,
    verbatimSymlinks: true,
    filter: (path) => !notCopied.test(path.slice(checkout.length)),
  })
}

/** Run a command in the new root; its mounts are gone when it ends, however it ends. */
function runInRoot(root: string, command: string): SpawnSyncReturns<string> {
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

t.setTimeout(600_000)

t.test('the Vagrantfile is valid', async (t) => {
  const state = t.testdir()
  const { status, stderr } = spawnSync('vagrant', ['validate', '--ignore-provider'], {
    cwd: checkout,
    encoding: 'utf8',
    env: { ...process.env, VAGRANT_DOTFILE_PATH: state, VAGRANT_CHECKPOINT_DISABLE: '1' },
  })
  t.equal(status, 0, 'vagrant validate', { output: stderr })
})

t.test('a plain Debian becomes a machine that runs mycontainer', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'mycontainer-provision-'))
  t.teardown(() => rmSync(folder, { recursive: true, force: true }))
  const root = join(folder, 'root')
  mkdirSync(root)
  makeDebian(root)

  const first = runInRoot(root, `${guestCheckout}/scripts/provision.sh`)
  t.equal(first.status, 0, 'the first run', {
    output: `${first.stdout}${first.stderr}`.slice(-4_000),
  })

  writeFileSync(join(root, 'tmp/provisioned'), '')
  const second = runInRoot(root, `${guestCheckout}/scripts/provision.sh`)
  t.equal(second.status, 0, 'the second run', { output: second.stderr })
  t.equal(second.stdout, 'provision: ready\n')
  const newer = ['-xdev', '-newer', join(root, 'tmp/provisioned'), '-not', '-path', `${root}/proc`]
  t.equal(execFileSync('find', [root, ...newer], { encoding: 'utf8' }), '', 'nothing was written')

  const version = runInRoot(root, 'mycontainer version')
  t.equal(version.status, 0, 'mycontainer version', { output: version.stderr })
})
