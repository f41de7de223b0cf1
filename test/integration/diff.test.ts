import { execFileSync } from 'node:child_process'
import { copyFileSync, mkdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { commandBench } from './command-line.ts'

// The same changes in a container of ours and in one of podman, on the same image.

t.setTimeout(180_000)
const bench = commandBench(t)
const { ok, folder } = bench

function makeImage(): string {
  const root = join(folder, 'root')
  for (const path of ['bin', 'etc', 'old/deep', 'usr/lib', 'proc', 'dev', 'sys', 'tmp', 'run'])
    mkdirSync(join(root, path), { recursive: true })
  copyFileSync('/usr/bin/busybox', join(root, 'bin/busybox'))
  symlinkSync('busybox', join(root, 'bin/sh'))
  symlinkSync('/usr/lib', join(root, 'lib'))
  symlinkSync('/etc', join(root, 'escape'))
  for (const path of ['etc/conf', 'etc/same', 'old/deep/f', 'usr/lib/x', 'usr/lib/y'])
    writeFileSync(join(root, path), path)
  execFileSync('tar', ['-C', root, '-cf', join(folder, 'root.tar'), '.'])
  return join(folder, 'root.tar')
}

const archive = makeImage()
const storage = join(folder, 'peer')
const peerFlags = ['--root', storage, '--runroot', join(folder, 'peer-run')]

function podman(...args: readonly string[]): string {
  const flags = [...peerFlags, '--storage-driver', 'overlay', '--cgroup-manager', 'cgroupfs']
  return execFileSync('podman', [...flags, ...args], { encoding: 'utf8', stdio: 'pipe' }).trim()
}

t.before(() => {
  podman('import', '-q', archive, 'base:1')
  execFileSync(join(import.meta.dirname, '../../bin/myimage'), ['import', archive, 'base:1'], {
    env: { ...process.env, MYCONTAINER_ROOT: bench.root },
    stdio: 'pipe',
  })
})
t.teardown(() => {
  podman('rm', '-f', '-a')
  podman('rmi', '-f', 'base:1')
  // podman mounts its storage onto itself.
  execFileSync('/bin/sh', ['-c', `umount ${storage}/overlay 2>/dev/null || true`])
  rmSync(storage, { recursive: true, force: true })
})

const rows: readonly {
  readonly title: string
  readonly shell: string
  readonly changes: string
}[] = [
  { title: 'nothing', shell: 'true', changes: '' },
  { title: 'a new file', shell: 'touch /new', changes: 'A /new' },
  { title: 'new folders', shell: 'mkdir -p /n/m; touch /n/m/f', changes: 'A /n,A /n/m,A /n/m/f' },
  { title: 'a file written', shell: 'echo > /etc/conf', changes: 'C /etc,C /etc/conf' },
  { title: 'a file removed', shell: 'rm /usr/lib/x', changes: 'C /usr,C /usr/lib,D /usr/lib/x' },
  { title: 'a folder removed', shell: 'rm -r /old', changes: 'D /old' },
  {
    title: 'a file put in place of a folder',
    shell: 'rm -r /old; touch /old',
    changes: 'C /old',
  },
  {
    title: 'a file moved',
    shell: 'mv /usr/lib/x /tmp/z',
    changes: 'C /tmp,A /tmp/z,C /usr,C /usr/lib,D /usr/lib/x',
  },
  { title: 'a link replaced by another', shell: 'ln -sf /usr /lib2', changes: 'A /lib2' },
]

for (const { title, shell, changes } of rows)
  t.test(title, async (t) => {
    const line = `cd /bin; ${shell.replaceAll(/(^|; )(\w+)/g, '$1busybox $2').replace('busybox true', 'true')}`
    await ok('run', '--name', 'c', '--network', 'none', 'base:1', '/bin/sh', '-c', line)
    t.teardown(() => ok('rm', '-f', 'c'))
    const ours = (await ok('diff', 'c')).split('\n').join(',')
    t.equal(ours, changes)
    // Its runtime need not work on this machine; its storage does.
    podman('create', '--name', 'c', 'base:1', '/bin/sh')
    t.teardown(() => podman('rm', '-f', 'c'))
    execFileSync('chroot', [podman('mount', 'c'), '/bin/sh', '-c', line])
    const own = new Set(['C /etc', 'C /run'])
    const theirs = podman('diff', 'c').split('\n')
    const paths = (lines: readonly string[]): string[] =>
      lines.filter((one) => one !== '' && !own.has(one)).toSorted()
    t.same(paths(ours.split(',')), paths(theirs), 'as podman says')
  })

// What podman's overlay driver reports otherwise than docker; docker's answer is wanted.
const dockerRows = [
  { title: 'a mode alone', shell: 'busybox chmod 700 /usr', changes: 'C /usr' },
  {
    title: 'a folder made again hides what it had',
    shell: 'busybox rm -r /old; busybox mkdir /old; busybox touch /old/new',
    changes: 'C /old,D /old/deep,A /old/new',
  },
  {
    title: 'a file opened for writing and left alone',
    shell: 'true >> /etc/same',
    changes: '',
  },
  {
    title: 'a folder replaced by a link to where the host has something',
    shell: 'busybox rm -r /usr; busybox ln -s /etc /usr',
    changes: 'C /usr',
  },
  {
    title: 'below a link of the image',
    shell: 'busybox touch /escape/new',
    changes: 'C /etc,A /etc/new',
  },
]

for (const { title, shell, changes } of dockerRows)
  t.test(`as docker: ${title}`, async (t) => {
    await ok('run', '--name', 'd', '--network', 'none', 'base:1', '/bin/sh', '-c', shell)
    t.teardown(() => ok('rm', '-f', 'd'))
    t.equal((await ok('diff', 'd')).split('\n').join(','), changes)
  })

t.test('mounts and what only holds them are no changes', async (t) => {
  const mounts = ['-v', '/m/volume', '--tmpfs', '/scratch/here', '-v', `${folder}:/bind:ro`]
  await ok(
    'run',
    '-d',
    '--name',
    'm',
    '--network',
    'none',
    ...mounts,
    'base:1',
    '/bin/sh',
    '-c',
    'cd /m/volume; echo > f; busybox sleep 1000',
  )
  t.teardown(() => ok('rm', '-f', '-t', '0', 'm'))
  t.equal(await ok('diff', 'm'), '', 'while it runs, too')
})
