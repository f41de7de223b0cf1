import { execFileSync, spawn } from 'node:child_process'
import {
  chmodSync,
  chownSync,
  copyFileSync,
  existsSync,
  linkSync,
  lstatSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { setAttributeOfPath } from '../../native/xattr.ts'
import { commandBench, commandPath, waitUntil } from './command-line.ts'
import { describeTree } from './file-tree.ts'

t.setTimeout(180_000)
const bench = commandBench(t)
const { ok, run, folder } = bench
const env = { ...process.env, MYCONTAINER_ROOT: bench.root }

/** An image with one of everything in /content, which /var/content leads to. */
function importImage(): string {
  const root = join(folder, 'root')
  for (const path of ['bin', 'etc', 'content/sub', 'var', 'empty', 'proc', 'dev', 'sys'])
    mkdirSync(join(root, path), { recursive: true })
  copyFileSync('/usr/bin/busybox', join(root, 'bin/busybox'))
  symlinkSync('busybox', join(root, 'bin/sh'))
  symlinkSync('/content', join(root, 'var/content'))
  writeFileSync(join(root, 'etc/passwd'), 'root:x:0:0::/:/bin/sh\nkim:x:1234:55::/:/bin/sh\n')
  const content = join(root, 'content')
  writeFileSync(join(content, 'file'), 'text', { mode: 0o600 })
  linkSync(join(content, 'file'), join(content, 'hard'))
  symlinkSync('/etc/passwd', join(content, 'link'))
  execFileSync('mkfifo', [join(content, 'fifo')])
  setAttributeOfPath(join(content, 'file'), 'user.note', Buffer.from('kept'))
  chownSync(join(content, 'file'), 1000, 1001)
  chmodSync(join(content, 'sub'), 0o2750)
  utimesSync(join(content, 'file'), 1_000_000_000, 1_000_000_000)
  for (const path of ['content', 'empty']) {
    chownSync(join(root, path), 70, 71)
    chmodSync(join(root, path), 0o1770)
  }
  const archive = join(folder, 'root.tar')
  const flags = ['--xattrs', '--format=posix', '-C', root, '-cf', archive, '.']
  execFileSync('tar', flags)
  const image = join(import.meta.dirname, '../../bin/myimage')
  execFileSync(image, ['import', archive, 'content:1'], { env, stdio: 'pipe' })
  return content
}

const content = importImage()
t.teardown(async () => {
  const names = (await run('volume', 'ls', '-q')).stdout.split('\n').filter(Boolean)
  if (names.length > 0) await run('volume', 'rm', '-f', ...names)
})

function mountpoint(volume: string): Promise<string> {
  return ok('volume', 'inspect', '-f', '{{.Mountpoint}}', volume)
}

async function once(...flags: string[]): Promise<string> {
  return ok('run', '--rm', '--network', 'none', ...flags)
}

const filled = [
  { title: 'a new volume', volume: 'plain', destination: '/content', made: false },
  {
    title: 'a destination behind a link',
    volume: 'linked',
    destination: '/var/content',
    made: false,
  },
  { title: 'an empty volume that nobody has', volume: 'made', destination: '/content', made: true },
]

for (const { title, volume, destination, made } of filled)
  t.test(`${title} gets what the image has there`, async (t) => {
    if (made) await ok('volume', 'create', volume)
    await once('-v', `${volume}:${destination}`, 'content:1', '/bin/sh', '-c', 'true')
    const path = await mountpoint(volume)
    t.same(describeTree(path), describeTree(content))
    t.match(statSync(path), { uid: 70, gid: 71, mode: 0o41770 }, 'its own attributes, too')
  })

t.test('what is in a volume stays', async (t) => {
  await ok('volume', 'create', 'used')
  const path = await mountpoint('used')
  writeFileSync(join(path, 'mine'), '')
  await once('-v', 'used:/content', 'content:1', '/bin/sh', '-c', 'true')
  t.same(readdirSync(path), ['mine'])
})

t.test('nocopy leaves it empty', async (t) => {
  await once('-v', 'bare:/content:nocopy', 'content:1', '/bin/sh', '-c', 'true')
  t.same(readdirSync(await mountpoint('bare')), [])
})

t.test('an empty folder gives its attributes', async (t) => {
  await once('-v', 'attributes:/empty', 'content:1', '/bin/sh', '-c', 'true')
  t.match(statSync(await mountpoint('attributes')), { uid: 70, gid: 71, mode: 0o41770 })
})

t.test('a create that is killed while it fills leaves no volume', async (t) => {
  const big = join(folder, 'big')
  mkdirSync(join(big, 'bin'), { recursive: true })
  mkdirSync(join(big, 'data'))
  for (let index = 0; index < 3000; index++) writeFileSync(join(big, 'data', String(index)), '')
  execFileSync('tar', ['-C', big, '-cf', join(folder, 'big.tar'), '.'])
  const image = join(import.meta.dirname, '../../bin/myimage')
  execFileSync(image, ['import', join(folder, 'big.tar'), 'big:1'], { env, stdio: 'pipe' })
  const volumes = join(bench.root, 'data/volumes')
  const making = (): string | undefined =>
    readdirSync(volumes).find((name) => name.endsWith('-half'))
  const child = spawn(commandPath, ['create', '-v', 'half:/data', 'big:1', '/x'], { env })
  const ended = new Promise((resolve) => child.on('close', resolve))
  const isDone = (): boolean => child.exitCode !== null
  await waitUntil('it fills', () => isDone() || making() !== undefined)
  child.kill('SIGKILL')
  await ended
  t.notOk(existsSync(join(volumes, 'half')), 'half of it is not believed')
  await ok('create', '-v', 'half:/data', 'big:1', '/x')
  t.equal(readdirSync(join(volumes, 'half/_data')).length, 3000)
  t.equal(making(), undefined, 'what was left is gone')
})

t.test('a container that does not come about takes its anonymous volumes back', async (t) => {
  const before = await ok('volume', 'ls', '-q')
  const mounts = ['-v', '/content', '--mount', 'type=bind,src=/does/not/exist,dst=/b']
  t.match(await run('create', ...mounts, 'content:1', '/bin/sh'), { exitCode: 125 })
  t.equal(await ok('volume', 'ls', '-q'), before)
})

t.test('a file can be bound, and a missing folder of -v is made', async (t) => {
  const file = join(folder, 'bound')
  writeFileSync(file, 'one')
  const missing = join(folder, 'not/yet')
  const flags = ['-v', `${file}:/bound`, '-v', `${missing}:/made:z`]
  await once(...flags, 'content:1', '/bin/sh', '-c', 'echo two > /bound; echo > /made/f')
  t.equal(readFileSync(file, 'utf8'), 'two\n')
  t.same(readdirSync(missing), ['f'])
})

t.test('U gives the source to the user of the container', async (t) => {
  const path = join(folder, 'given')
  mkdirSync(join(path, 'sub'), { recursive: true })
  writeFileSync(join(folder, 'not-given'), '')
  symlinkSync(join(folder, 'not-given'), join(path, 'sub/link'))
  await once(
    '-u',
    'kim',
    '-v',
    `${path}:/given:U`,
    'content:1',
    '/bin/sh',
    '-c',
    'echo > /given/sub/new',
  )
  t.match(lstatSync(path), { uid: 1234, gid: 55 })
  t.match(lstatSync(join(path, 'sub/link')), { uid: 1234, gid: 55 })
  t.match(lstatSync(join(folder, 'not-given')), { uid: 0 }, 'links lead nowhere')
})

t.test('an overlay over a bind is refused, not ignored', async (t) =>
  t.match(await run('create', '-v', `${folder}:/b:O`, 'content:1', '/bin/sh'), { exitCode: 125 }),
)

t.test('a folder of a volume: links stay inside the volume', async (t) => {
  await ok('volume', 'create', 'parts')
  const path = await mountpoint('parts')
  mkdirSync(join(path, 'etc'))
  symlinkSync('/etc', join(path, 'escape'))
  const mount = 'type=volume,src=parts,dst=/p,volume-subpath=escape'
  await once('--mount', mount, 'content:1', '/bin/sh', '-c', 'echo > /p/written')
  t.same(readdirSync(join(path, 'etc')), ['written'])
  t.notOk(existsSync('/etc/written'))
  t.teardown(() => rmSync('/etc/written', { force: true }))
  mkdirSync(join(path, 'later'))
  const shell = ['content:1', '/bin/sh', '-c', 'echo > /p/late']
  const late = mount.replace('escape', 'later')
  await ok('create', '--name', 'late', '--network', 'none', '--mount', late, ...shell)
  rmSync(join(path, 'later'), { recursive: true })
  symlinkSync(folder, join(path, 'later'))
  t.not((await run('start', '-a', 'late')).exitCode, 0)
  t.notOk(existsSync(join(folder, 'late')), 'nor does one that was made after the create')
})

t.test('accounts are those of the container itself', async (t) => {
  await ok(
    'run',
    '-d',
    '--name',
    'a',
    '--network',
    'none',
    'content:1',
    '/bin/sh',
    '-c',
    'busybox sleep 1000',
  )
  const add = 'echo "lou:x:77:88::/home/lou:/bin/sh" >> /etc/passwd'
  t.match(await run('exec', '-u', 'lou', 'a', '/bin/sh', '-c', ':'), { exitCode: 125 })
  await ok('exec', 'a', '/bin/sh', '-c', add)
  const who = ['/bin/busybox', 'sh', '-c', 'busybox id -u; busybox id -g; echo $HOME']
  t.equal(await ok('exec', '-u', 'lou', 'a', ...who), '77\n88\n/home/lou')
  const trap =
    'busybox rm /etc/passwd; busybox mkfifo /etc/passwd; busybox ln -sf /etc/group2 /etc/group'
  await ok('exec', 'a', '/bin/sh', '-c', trap)
  // Not by `id`, which would read the FIFO.
  const ids = await ok(
    'exec',
    '-u',
    'kim',
    'a',
    '/bin/busybox',
    'grep',
    '^[UG]id',
    '/proc/self/status',
  )
  t.match(ids, /^Uid:\t1234\b.*\nGid:\t55\b/, 'a FIFO is not read')
})

t.test('a name that was added before the start is known to it', async (t) => {
  const passwd = join(folder, 'passwd')
  writeFileSync(passwd, 'eve:x:66:67::/eve:/bin/sh\n')
  const line = 'busybox id -u; echo $HOME'
  await ok(
    'create',
    '--name',
    'b',
    '-u',
    'eve',
    '--network',
    'none',
    'content:1',
    '/bin/sh',
    '-c',
    line,
  )
  await ok('cp', passwd, 'b:/etc/passwd')
  t.equal(await ok('start', '-a', 'b'), '66\n/eve')
})

t.test('volume commands', async (t) => {
  t.equal(await ok('volume', 'create', '--label', 'tier=db', 'v1'), 'v1')
  t.equal(await ok('volume', 'create', 'v1'), 'v1', 'twice is no error')
  t.equal(await ok('volume', 'ls', '-q', '-f', 'label=tier=db'), 'v1')
  const [document] = JSON.parse(await ok('volume', 'inspect', 'v1')) as object[]
  t.match(document, { Name: 'v1', Driver: 'local', Scope: 'local', Labels: { tier: 'db' } })
  await ok('create', '--name', 'holder', '-v', 'v1:/v', 'content:1', '/bin/sh')
  t.match(await run('volume', 'rm', 'v1'), { exitCode: 1 }, 'in use')
  await ok('volume', 'prune', '-f', '-a')
  t.equal(await ok('volume', 'ls', '-q', '-f', 'name=v1'), 'v1', 'in use, prune leaves it')
  await ok('rm', 'holder')
  t.equal(await ok('volume', 'rm', 'v1'), 'v1')
  t.match(await run('volume', 'rm', 'v1'), { exitCode: 1 }, 'no longer there')
  t.match(await run('volume', 'inspect', 'v1'), { exitCode: 1 })
  t.match(await run('volume', 'create', '../bad'), { exitCode: 125 })
})
