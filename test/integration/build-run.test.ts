import { existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { openContextSource } from '../../rootfs/build-steps/open-source.ts'
import { stepBench } from './build-step-bench.ts'

// RUN of a build, executed in real containers.

t.test('a RUN changes files, and nothing made for its container is in the layer', async (t) => {
  const bench = await stepBench(t)
  const { exitCode, output } = await bench.run(
    'echo hello; echo err >&2; echo x > /new; rm /bin/wget; chmod 700 /tmp; cat /etc/hosts',
    {
      env: ['GREETING=hi'],
    },
  )
  t.equal(exitCode, 0)
  t.match(output, /hello/)
  t.match(output, /err/)
  t.match(output, /127\.0\.0\.1/, '/etc/hosts is there while it runs')
  t.strictSame(bench.top(), [
    'drwxr-xr-x 0:0 bin',
    'c--------- 0:0 bin/wget',
    '-rw-r--r-- 0:0 new',
    'drwx------ 0:0 tmp',
  ])
})

t.test('a RUN that changes nothing makes no layer', async (t) => {
  const bench = await stepBench(t)
  const { exitCode, layer } = await bench.run('true')
  t.equal(exitCode, 0)
  t.equal(layer, undefined)
})

t.test('in an image with nothing the same mount points are made and taken away', async (t) => {
  const bench = await stepBench(t)
  bench.layers.length = 0
  bench.below.length = 0
  bench.sh('mkdir -p scratch; cp "$(command -v busybox)" context/')
  await bench.copy(['busybox'], '/')
  const { exitCode, layer, output } = await bench.run('', {
    command: [
      '/busybox',
      'sh',
      '-c',
      '[ -e /proc/self ] && [ -e /etc/resolv.conf ] && /busybox id -u',
    ],
    mounts: [{ kind: 'tmpfs', target: '/a/b/c' }],
  })
  t.equal(exitCode, 0)
  t.equal(output, '0\n')
  t.equal(layer, undefined)
})

t.test('what a RUN puts beside a mount point stays', async (t) => {
  const bench = await stepBench(t)
  await bench.run('echo 1 > /a/b/beside; echo 2 > /etc/own', {
    mounts: [{ kind: 'tmpfs', target: '/a/b/c' }],
  })
  t.strictSame(bench.top(), [
    'drwxr-xr-x 0:0 a',
    'drwxr-xr-x 0:0 a/b',
    '-rw-r--r-- 0:0 a/b/beside',
    'drwxr-xr-x 0:0 etc',
    '-rw-r--r-- 0:0 etc/own',
  ])
})

t.test(
  'a link that leads nowhere is as it was after the container was mounted over it',
  async (t) => {
    const bench = await stepBench(t)
    await bench.step(({ upper }) =>
      bench.sh(`mkdir ${upper}/etc; ln -s ../run/none/resolv.conf ${upper}/etc/resolv.conf`),
    )
    const { layer } = await bench.run('[ -f /etc/resolv.conf ]')
    t.equal(layer, undefined)
    const { output } = await bench.run('', { command: ['/bin/ls', '/run'] })
    t.match(output, /No such file/)
  },
)

const users: { user: string; want: string }[] = [
  { user: '', want: 'uid=0(root) gid=0(root) groups=0(root)\n' },
  { user: 'app', want: 'uid=1000(app) gid=1001(app) groups=50(staff),1001(app)\n' },
  { user: '1234:99', want: 'uid=1234 gid=99 groups=99\n' },
]
t.test('who, where and with which variables', async (t) => {
  const bench = await stepBench(t)
  for (const { user, want } of users) {
    const { output } = await bench.run('id', { user })
    t.equal(output, want, user)
  }
  const { output } = await bench.run('pwd; env', { workdir: '/tmp', env: ['A=1', 'PATH=/bin'] })
  t.match(output, /^\/tmp\n/)
  t.match(output, /^A=1$/m)
  t.match(output, /^HOSTNAME=buildstep$/m)
  t.match(output, /^PATH=\/bin$/m)
  t.notMatch(
    output,
    /HOME=\/home|USER=|SUDO/,
    'nothing of the environment of the builder (CVE-2021-3602)',
  )
  await t.rejects(bench.run('true', { user: 'nobody-here' }), { code: 'NOT_FOUND' })
  await t.rejects(bench.run('', { command: ['/no/such'] }), { code: 'START_FAILED', exitCode: 127 })
  t.equal((await bench.run('exit 3')).exitCode, 3)
  t.equal((await bench.run(`sh -c 'kill -9 $$'; exit $?`)).exitCode, 137)
})

t.test('input goes to the command', async (t) => {
  const bench = await stepBench(t)
  const { output } = await bench.run('', { command: ['/bin/cat'], input: 'line\n'.repeat(50_000) })
  t.equal(output.length, 250_000)
})

t.test('networks: none has only a loopback, default an address of the bridge', async (t) => {
  const bench = await stepBench(t)
  const links = async (network: 'none' | 'default' | 'host'): Promise<string> =>
    (await bench.run('ls /sys/class/net', { network })).output
  t.equal(await links('none'), 'lo\n')
  t.match(await links('host'), /lo/)
})

t.test('a bind mount of the context is read-only, or forgets what was written', async (t) => {
  const bench = await stepBench(t)
  bench.sh(
    'mkdir -p context/sub; echo content > context/sub/file; ln -s sub/file context/link; ln -s /etc context/out',
  )
  using source = openContextSource(bench.context)
  const from = { kind: 'context', folder: bench.context, source } as const
  const read = await bench.run('cat /m/sub/file; echo no > /m/sub/file', {
    mounts: [{ kind: 'bind', target: '/m', from, readWrite: false }],
  })
  t.match(read.output, /^content\n.*Read-only/s)
  const write = await bench.run('echo new > /m/file; rm -rf /m/x; cat /m/file; ls /m', {
    mounts: [{ kind: 'bind', target: '/m', from, source: 'sub', readWrite: true }],
  })
  t.equal(write.output, 'new\nfile\n')
  t.equal(write.layer, undefined)
  t.equal(bench.sh('cat context/sub/file'), 'content\n')
  const file = await bench.run('cat /m; echo more >> /m; cat /m', {
    mounts: [{ kind: 'bind', target: '/m', from, source: 'link', readWrite: true }],
  })
  t.equal(file.output, 'content\ncontent\nmore\n')
  t.equal(bench.sh('cat context/sub/file'), 'content\n')
  for (const path of ['out', 'out/passwd', '../../etc', 'missing'])
    await t.rejects(
      bench.run('ls /m', {
        mounts: [{ kind: 'bind', target: '/m', from, source: path, readWrite: false }],
      }),
      { code: 'NOT_FOUND' },
      `${path} is not found outside of the context (CVE-2024-1753, CVE-2024-9407)`,
    )
})

t.test('what .dockerignore leaves out is not in a bind mount of the context', async (t) => {
  const bench = await stepBench(t)
  bench.sh(
    'mkdir -p context/a/b; echo s > context/secret; echo s > context/a/secret; echo k > context/a/b/kept',
  )
  const ignore = { ignores: (path: string) => path.endsWith('secret'), hasExceptions: false }
  using source = openContextSource(bench.context, ignore)
  const { output } = await bench.run('find /m -type f', {
    mounts: [
      {
        kind: 'bind',
        target: '/m',
        readWrite: false,
        from: { kind: 'context', folder: bench.context, source },
      },
    ],
  })
  t.equal(output, '/m/a/b/kept\n')
})

t.test('a bind mount of a stage shows its layers as one', async (t) => {
  const bench = await stepBench(t)
  await bench.run(
    'mkdir -p /s/d /s/o; echo 1 > /s/one; echo old > /s/d/f; echo g > /s/gone; echo h > /s/o/hidden; ln -s /s/d /s/l',
  )
  await bench.run(
    'echo 2 > /s/two; echo new > /s/d/f; rm /s/gone; rm -r /s/o; mkdir /s/o; echo v > /s/o/visible',
  )
  const from = { kind: 'layers', folders: [...bench.layers] } as const
  const mount = (source: string, readWrite = false) =>
    ({ kind: 'bind', target: '/m', from, source, readWrite }) as const
  const whole = await bench.run('cd /m && find . -type f; cat d/f', { mounts: [mount('/s')] })
  t.strictSame(whole.output.trim().split('\n').toSorted(), [
    './d/f',
    './o/visible',
    './one',
    './two',
    'new',
  ])
  t.equal((await bench.run('cat /m', { mounts: [mount('/s/d/f')] })).output, 'new\n')
  t.equal(
    (await bench.run('cat /m/f; echo x > /m/f && cat /m/f', { mounts: [mount('/s/l', true)] }))
      .output,
    'new\nx\n',
  )
  t.equal((await bench.run('ls /m', { mounts: [mount('/s/o')] })).output, 'visible\n')
})

t.test('caches outlive builds, and never are in a layer', async (t) => {
  const bench = await stepBench(t)
  const cache = {
    kind: 'cache',
    target: '/c',
    id: 'x',
    readOnly: false,
    sharing: 'shared',
  } as const
  const first = await bench.run('echo 1 > /c/f; stat -c "%a %u:%g" /c', {
    mounts: [{ ...cache, mode: 0o750, uid: 5, gid: 6 }],
  })
  t.equal(first.output, '750 5:6\n')
  t.equal(first.layer, undefined)
  t.equal((await bench.run('cat /c/f', { mounts: [cache] })).output, '1\n')
  t.match(
    (await bench.run('cat /c/f', { mounts: [{ ...cache, id: '../../../etc' }] })).output,
    /No such/,
  )
  t.match(
    (await bench.run('echo 2 > /c/f', { mounts: [{ ...cache, readOnly: true }] })).output,
    /Read-only/,
  )
  using source = openContextSource(bench.context)
  mkdirSync(join(bench.context, 'start'))
  writeFileSync(join(bench.context, 'start/seed'), 'seed\n')
  const from = { kind: 'context', folder: bench.context, source } as const
  const seeded = await bench.run('cat /c/seed', {
    mounts: [{ ...cache, id: 'y', from, source: 'start' }],
  })
  t.equal(seeded.output, 'seed\n')
  const folder = join(bench.base, 'state/data/build-cache')
  t.equal(readdirSync(folder).filter((name) => !name.endsWith('.lock')).length, 3)
})

t.test('a locked cache has one user at a time, a private one is made for each', async (t) => {
  const bench = await stepBench(t)
  const script = 'if [ -e /c/busy ]; then echo twice; fi; touch /c/busy; sleep 0.2; rm /c/busy'
  for (const sharing of ['locked', 'private'] as const) {
    const mount = { kind: 'cache', target: '/c', id: sharing, readOnly: false, sharing } as const
    const results = await Promise.all([1, 2, 3].map(() => bench.run(script, { mounts: [mount] })))
    t.strictSame(
      results.map(({ output }) => output),
      ['', '', ''],
      sharing,
    )
  }
})

t.test('an aborted build does not wait for a cache', async (t) => {
  const bench = await stepBench(t)
  const cache = { kind: 'cache', target: '/c', readOnly: false, sharing: 'locked' } as const
  const controller = new AbortController()
  const holder = bench.run('echo ready; sleep 0.5', {
    mounts: [cache],
    onOutput: () => controller.abort(new Error('enough')),
  })
  const started = new Promise<void>((resolve) => {
    controller.signal.addEventListener('abort', () => resolve())
  })
  await started
  const waiting = bench.run('true', { mounts: [cache], signal: AbortSignal.timeout(50) })
  await t.rejects(waiting, { name: 'TimeoutError' })
  t.equal((await holder).exitCode, 0)
})

t.test('secrets are seen by the command alone', async (t) => {
  const bench = await stepBench(t)
  const content = Buffer.from('Qu1et-Word')
  const { output, layer } = await bench.run(
    'cat /run/secrets/s; echo; stat -c "%a %u" /run/secrets/s; echo $TOKEN',
    {
      mounts: [
        { kind: 'secret', target: '/run/secrets/s', content, uid: 1000 },
        { kind: 'secret', env: 'TOKEN', content: Buffer.from('in-env') },
      ],
    },
  )
  t.equal(output, 'Qu1et-Word\n400 1000\nin-env\n')
  t.equal(layer, undefined)
  t.equal(bench.sh('grep -rl Qu1et-Word state || true'), '', 'nothing on disk')
  t.notOk(
    readdirSync('/dev/shm').some((name) => name.startsWith(`mycontainer-build-${process.pid}-`)),
  )
})

t.test('an aborted build ends its command', async (t) => {
  const bench = await stepBench(t)
  const controller = new AbortController()
  const running = bench.run('echo ready; sleep 100', {
    signal: controller.signal,
    onOutput: () => controller.abort(new Error('enough')),
  })
  await t.rejects(running, { message: 'enough' })
  t.notOk(
    existsSync(join(bench.base, 'state/data/containers')) &&
      readdirSync(join(bench.base, 'state/data/containers')).length > 0,
  )
})
