import { execFileSync, spawnSync } from 'node:child_process'
import {
  mkdirSync,
  readFileSync,
  readdirSync,
  rmSync,
  rmdirSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { type CriuBench, criuBench, criuPath, factsOf, hasMounts, whyNoCriu } from './criu-bench.ts'
import { type OciConfig, eventually, groupFolders } from './oci-bench.ts'

// checkpoint and restore, with a CRIU that works on this kernel: MYCONTAINER_TEST_CRIU names another one than the host's.

const problem = whyNoCriu()
const counting = ['/bin/sh', '-c', 'i=0; while :; do i=$((i+1)); echo $i; sleep 0.02; done']

function last(text: string): number {
  return Number(text.trim().split('\n').at(-1))
}

function nothingIsLeft(bench: CriuBench): string[] {
  const left = readdirSync(join(bench.folder, 'state'))
  const groups = groupFolders(bench.group).flatMap((path) =>
    readdirSync(path, { withFileTypes: true }).filter((entry) => entry.isDirectory()),
  )
  return [
    ...left,
    ...groups.map(({ name }) => name),
    ...(hasMounts(bench.folder) ? ['a mount'] : []),
  ]
}

t.test('checkpoint without a CRIU', async (t) => {
  const bench = criuBench(t)
  await bench.start(bench.bundle(withArgs(counting)), 'one')
  const { code, stderr } = bench.run([
    '--criu',
    '/no/criu',
    'checkpoint',
    '--image-path',
    bench.image(),
    'one',
  ])
  t.equal(code, 1)
  t.match(stderr, /CRIU is not installed.*Install criu/)
  t.equal(bench.state('one').status, 'running', 'it goes on')
  const bundle = bench.bundle()
  const restored = bench.restore(join(bench.folder, 'no'), bundle, 'two')
  t.match(restored.stderr, /there is no checkpoint in this folder/)
})

function withArgs(args: string[]): (config: OciConfig) => void {
  return (config) => {
    config.process.args = args
  }
}

if (problem !== undefined) {
  t.comment(`checkpoint and restore were not tried: ${problem}`)
  t.test('checkpoint with a CRIU that does not work', async (t) => {
    const bench = criuBench(t)
    await bench.start(bench.bundle(withArgs(counting)), 'one')
    const { code, stderr } = bench.checkpoint(bench.image(), 'one')
    t.equal(code, 1)
    t.match(stderr, /Install criu|install a newer one|criu check/, 'it names a cure')
    t.equal(bench.state('one').status, 'running')
  })
} else tryRestores()

function tryRestores(): void {
  t.test('a container goes on where it was', async (t) => {
    const bench = criuBench(t)
    const bundle = bench.bundle(withArgs(counting))
    const image = bench.image()
    const before = bench.piped('run', '--detach', '--bundle', bundle, 'one')
    await eventually('it counts', () => last(before.text()) > 5)
    const facts = factsOf(bench.state('one').pid)
    t.match(bench.checkpoint(image, 'one', '--leave-running'), { code: 0, stderr: '' })
    t.equal(bench.state('one').status, 'running')
    rmSync(image, { recursive: true })
    t.match(bench.checkpoint(image, 'one'), { code: 0, stderr: '' })
    t.equal(bench.ok('list', '--quiet'), '', 'it is deleted, as runc and crun do')
    const count = last(before.text())
    const pidFile = join(bench.folder, 'pid')
    const flags = ['--image-path', image, '--work-path', `${image}.work`, '--pid-file', pidFile]
    const after = bench.piped('restore', '--detach', '--bundle', bundle, ...flags, 'one')
    t.equal(await after.ended, 0, after.text())
    await eventually('it goes on', () => last(after.text()) > count + 5)
    t.ok(Number.parseInt(after.text(), 10) >= count, 'not from the start')
    const { status, pid } = bench.state('one')
    t.equal(status, 'running')
    t.equal(Number(readFileSync(pidFile, 'utf8')), pid)
    t.same(factsOf(pid), facts)
    t.match(bench.ok('list'), /one\s+\d+\s+running/)
    t.equal(bench.ok('exec', 'one', '/bin/echo', 'inside'), 'inside\n')
    bench.ok('pause', 'one')
    t.match(bench.checkpoint(bench.image(), 'one', '--leave-running'), { code: 0, stderr: '' })
    t.equal(bench.state('one').status, 'paused')
    bench.ok('resume', 'one')
    bench.ok('kill', 'one', 'KILL')
    await eventually('it has ended', () => bench.state('one').status === 'stopped')
    bench.ok('delete', 'one')
    t.same(nothingIsLeft(bench), [])
  })

  t.test('its limits, rules and mounts are those of the bundle', async (t) => {
    const bench = criuBench(t)
    const volume = join(bench.folder, 'volume')
    const group = `${bench.group}/other`
    mkdirSync(volume)
    for (const name of ['volume', 'run/place']) mkdirSync(join(bench.rootfs, name))
    execFileSync('ln', ['-s', '/run', join(bench.rootfs, 'link')])
    writeFileSync(join(volume, 'file'), 'shown')
    const change = (config: OciConfig): void => {
      config.process.args = counting
      Object.assign(config.process, { noNewPrivileges: true, oomScoreAdj: 300 })
      config['root'] = { path: bench.rootfs, readonly: true }
      for (const [destination, ...options] of [
        ['/volume', 'rbind', 'ro'],
        ['/link/place', 'rbind', 'ro', 'nosuid'],
      ])
        config.mounts.push({ destination: `${destination}`, type: 'bind', source: volume, options })
      Object.assign(config.linux, {
        resources: {
          pids: { limit: 40 },
          memory: { limit: 64 << 20 },
          devices: [{ allow: false, access: 'rwm' }],
        },
        seccomp: {
          defaultAction: 'SCMP_ACT_ALLOW',
          syscalls: [{ names: ['mkdir', 'mount'], action: 'SCMP_ACT_ERRNO' }],
        },
      })
    }
    const bundle = bench.bundle(change)
    const image = bench.image()
    await bench.start(bundle, 'one')
    const { groups: _before, ...facts } = factsOf(bench.state('one').pid)
    t.match(bench.checkpoint(image, 'one'), { code: 0, stderr: '' })
    const other = bench.bundle((config) => {
      change(config)
      config.linux.cgroupsPath = group
    })
    rmdirSync(join(bench.rootfs, 'volume'))
    rmdirSync(join(bench.rootfs, 'run/place'))
    t.match(bench.restore(image, other, 'two'), { code: 0, stderr: '' })
    const { groups, ...restored } = factsOf(bench.state('two').pid)
    const text = JSON.stringify(facts).replaceAll(`${bench.group}/bundle0`, group)
    t.same(restored, JSON.parse(text))
    t.match(groups, new RegExp(`:${group}$`, 'm'), 'in the group of the new configuration')
    const limits = groupFolders(group).map((path) => readLimit(path, 'pids.max'))
    t.ok(limits.includes('40'), 'with its limit')
    t.equal(bench.ok('exec', 'two', '/bin/cat', '/volume/file'), 'shown')
    const makeNode = 'busybox mknod /dev/shm/d b 7 0 && cat /dev/shm/d'
    t.match(
      bench.run(['exec', 'two', '/bin/sh', '-c', makeNode]).stderr,
      /Operation not permitted/,
      'devices stay closed',
    )
    bench.ok('delete', '--force', 'two')
    t.same(nothingIsLeft(bench), [])
  })

  t.test('a user namespace, with files for streams, in the foreground', async (t) => {
    const bench = criuBench(t)
    execFileSync('chown', ['-R', '100000:100000', bench.rootfs])
    execFileSync('chmod', ['711', bench.folder])
    const maps = [{ containerID: 0, hostID: 100_000, size: 65_536 }]
    const volume = join(bench.folder, 'volume')
    mkdirSync(volume)
    mkdirSync(join(bench.rootfs, 'volume'))
    const program = 'while [ ! -e /volume/go ]; do sleep 0.02; done; echo done; exit 7'
    const bundle = bench.bundle((config) => {
      config.process.args = ['/bin/sh', '-c', program]
      config.mounts.push({
        destination: '/volume',
        type: 'bind',
        source: volume,
        options: ['bind'],
      })
      config.linux.namespaces.push({ type: 'user' })
      if (config.linux.namespaces.every(({ type }) => type !== 'cgroup'))
        config.linux.namespaces.push({ type: 'cgroup' })
      Object.assign(config.linux, { uidMappings: maps, gidMappings: maps })
    })
    const image = bench.image()
    await bench.start(bundle, 'one')
    const { mounts } = factsOf(bench.state('one').pid)
    t.match(bench.checkpoint(image, 'one'), { code: 0, stderr: '' })
    if (/ \/ \/ .* shared:/.test(readFileSync('/proc/self/mountinfo', 'utf8'))) {
      // What CRIU does not do on such a host (docs/decisions/checkpoint.md).
      t.match(bench.restore(image, bundle, 'one'), { code: 1, stderr: /sharing/ })
      return t.same(nothingIsLeft(bench), [])
    }
    t.match(bench.restore(image, bundle, 'one'), { code: 0, stderr: '' })
    t.same(factsOf(bench.state('one').pid)['mounts'], mounts)
    bench.ok('delete', '--force', 'one')
    writeFileSync(join(volume, 'go'), '')
    const flags = ['restore', '--image-path', image, '--bundle', bundle]
    const ended = bench.appended([...flags, 'one'])
    t.match(ended, { code: 7, stdout: 'done\n', stderr: '' })
    t.same(nothingIsLeft(bench), [])
  })

  t.test('a terminal', async (t) => {
    const bench = criuBench(t)
    const program = 'n=0; while read x; do n=$((n+1)); echo $n-$x; done; exit 4'
    const bundle = bench.bundle((config) => {
      config.process.args = ['/bin/sh', '-c', program]
      config.process.terminal = true
    })
    const image = bench.image()
    const before = bench.onTerminal('run', '--bundle', bundle, 'one')
    before.type('a\n')
    await eventually('it answers', () => before.text().includes('1-a'))
    t.match(bench.checkpoint(image, 'one'), { code: 0, stderr: '' })
    t.equal(await before.ended, 137)
    const after = bench.onTerminal('restore', '--bundle', bundle, '--image-path', image, 'one')
    after.type('b\n')
    await eventually('it goes on', () => after.text().includes('2-b'))
    after.type('\u0004')
    t.equal(await after.ended, 4)
    t.same(nothingIsLeft(bench), [])
  })

  t.test('a network of somebody else’s', async (t) => {
    const bench = criuBench(t)
    const name = `mctest${process.pid}`
    execFileSync('ip', ['netns', 'add', name])
    t.teardown(() => execFileSync('ip', ['netns', 'del', name]))
    const path = `/run/netns/${name}`
    const bundle = bench.bundle((config) => {
      config.process.args = ['/bin/busybox', 'nc', '-l', '-p', '4000']
      for (const namespace of config.linux.namespaces)
        if (namespace.type === 'network') namespace.path = path
    })
    const image = bench.image()
    await bench.start(bundle, 'one')
    t.match(bench.checkpoint(image, 'one'), { code: 0, stderr: '' })
    t.match(bench.restore(image, bundle, 'one'), { code: 0, stderr: '' })
    const identify = (place: string): string =>
      execFileSync('stat', ['-L', '-c', '%i', place], { encoding: 'utf8' })
    const { pid } = bench.state('one')
    t.equal(identify(`/proc/${pid}/ns/net`), identify(path))
    t.match(readFileSync(`/proc/${pid}/net/tcp6`, 'utf8'), /:0FA0 0+:0000 0A/, 'it listens')
  })

  t.test('mounts that CRIU would leave writable', async (t) => {
    const bench = criuBench(t)
    mkdirSync(join(bench.folder, 'volume'))
    const bundle = bench.bundle((config) => {
      config.process.args = counting
      for (const destination of ['/one', '/two'])
        config.mounts.push({
          destination,
          type: 'bind',
          source: join(bench.folder, 'volume'),
          options: ['bind', 'ro'],
        })
    })
    await bench.start(bundle, 'one')
    const { code, stderr } = bench.checkpoint(bench.image(), 'one')
    t.equal(code, 1)
    t.match(stderr, /two read-only mounts of one source.*first=\/one second=\/two/)
    t.equal(bench.state('one').status, 'running')
  })

  t.test('a host that shares its mounts, as systemd has it', async (t) => {
    const bench = criuBench(t)
    const bundle = bench.bundle(withArgs(counting))
    const script = [
      'mount --make-rshared /',
      `cd ${bench.folder}`,
      `"$@" run --detach --bundle ${bundle} one </dev/null >>out 2>&1`,
      '"$@" checkpoint --image-path image one',
      `"$@" restore --detach --image-path image --bundle ${bundle} one </dev/null >>out 2>&1`,
      '"$@" exec one /bin/cat /proc/self/mountinfo',
      '"$@" delete --force one',
    ]
    const words = ['--mount', '--propagation', 'private', 'sh', '-c', script.join(' && ')]
    const { stdout, stderr, status } = spawnSync('unshare', [...words, 'sh', ...bench.words()], {
      encoding: 'utf8',
    })
    t.equal(status, 0, `${stdout}${stderr}${readFileSync(join(bench.folder, 'out'), 'utf8')}`)
    t.match(stdout, / \/ \/ .* master:|rootfs \/ .* master:/, 'it hears of them as before')
    t.same(nothingIsLeft(bench), [])
  })

  t.test('images that cannot be restored', async (t) => {
    const bench = criuBench(t)
    const bundle = bench.bundle(withArgs(counting))
    const image = bench.image()
    await bench.start(bundle, 'one')
    t.match(bench.checkpoint(image, 'one'), { code: 0, stderr: '' })
    truncateSync(join(image, 'core-1.img'))
    const broken = bench.restore(image, bundle, 'one')
    t.equal(broken.code, 1)
    t.match(broken.stderr, /criu restore failed: .*take the checkpoint again/)
    const dead = bench.run([
      '--criu',
      '/bin/false',
      'restore',
      '--image-path',
      image,
      '-b',
      bundle,
      'one',
    ])
    t.equal(dead.code, 1)
    t.match(dead.stderr, /criu restore failed: exit code 1/)
    t.same(nothingIsLeft(bench), [])
  })
}

function readLimit(path: string, file: string): string | undefined {
  try {
    return readFileSync(join(path, file), 'utf8').trim()
  } catch {
    return undefined
  }
}

t.comment(`CRIU: ${criuPath}`)
