import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { commandBench, runCommand, waitUntil } from './command-line.ts'
import { testRows } from './option-row.ts'

// Flags of podman that docker does not have.

t.setTimeout(60_000)
const bench = commandBench(t)
const { ok, run, root, folder } = bench
const net = ['--network', 'none']

t.test('environment, time, identity', async (t) => {
  const path = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin'
  await testRows(t, bench, [
    {
      title: '--env-merge',
      flags: ['--env-merge', 'PATH=${PATH}:/x', '--env-merge', 'B=$NONE-b'],
      shell: 'echo $PATH $B',
      prints: `${path}:/x -b`,
    },
    {
      title: '--unsetenv',
      flags: ['-e', 'A=1', '--unsetenv', 'PATH'],
      shell: 'echo $A',
      prints: '1',
    },
    {
      title: '--unsetenv-all',
      flags: ['--unsetenv-all', '-e', 'A=1'],
      shell: 'echo $A',
      prints: '1',
    },
    {
      title: '--tz',
      flags: ['--tz', 'Asia/Tokyo'],
      shell: 'echo $TZ; date +%z',
      prints: /\+0900$/,
    },
    { title: '--umask', flags: ['--umask', '0077'], shell: 'umask', prints: '0077' },
    {
      title: '--no-hosts',
      flags: ['--no-hosts'],
      shell: 'grep -c $HOSTNAME /etc/hosts',
      prints: '0',
      exitCode: 1,
    },
    {
      title: '--no-hostname',
      flags: ['--no-hostname'],
      shell: 'test -e /etc/hostname || echo none',
      prints: 'none',
    },
    {
      title: '--read-only-tmpfs',
      flags: ['--read-only'],
      shell: 'echo > /run/x && echo ok',
      prints: 'ok',
    },
    {
      title: 'without',
      flags: ['--read-only', '--read-only-tmpfs=false'],
      shell: 'echo > /run/x',
      prints: '',
      exitCode: 2,
    },
    {
      title: '--os and --arch',
      flags: ['--os', 'linux', '--arch', process.arch === 'x64' ? 'amd64' : process.arch],
      shell: 'echo ok',
      prints: 'ok',
    },
    { title: '--timeout', flags: ['--timeout', '1'], shell: 'sleep 60', prints: '', exitCode: 137 },
    {
      title: 'harmless ones',
      flags: [
        '--systemd=false',
        '--sdnotify=ignore',
        '--cgroups=enabled',
        '--retry',
        '2',
        '--passwd=false',
        '--tls-verify',
      ],
      shell: 'echo ok',
      prints: 'ok',
    },
  ])
  const env = { http_proxy: 'http://p', NO_PROXY: 'x', SECRET: 'y' }
  const shell = ['host', '/bin/sh', '-c', 'echo $http_proxy $NO_PROXY $SECRET']
  t.match(await runCommand(['run', '--rm', ...net, '--http-proxy', ...shell], { root, env }), {
    stdout: 'http://p x\n',
  })
  t.match(await runCommand(['run', '--rm', ...net, '--env-host', ...shell], { root, env }), {
    stdout: 'http://p x y\n',
  })
})

t.test('volumes of the image, and -v :U', async (t) => {
  const archive = join(folder, 'empty.tar')
  mkdirSync(join(folder, 'empty'))
  execFileSync('tar', ['-C', join(folder, 'empty'), '-cf', archive, '.'])
  await ok('run', '--name', 'base', ...net, 'host', '/bin/true')
  await ok('commit', '-c', 'VOLUME /declared', 'base', 'declaring:1')
  const kind = (...flags: string[]): Promise<string> =>
    ok(
      'run',
      '--rm',
      ...net,
      ...flags,
      'declaring:1',
      '/bin/sh',
      '-c',
      'grep -c " /declared " /proc/mounts; grep " /declared tmpfs " /proc/mounts | cut -d" " -f3',
    ).catch((error: Error) => error.message)
  t.equal(await kind(), '1')
  t.equal(await kind('--image-volume', 'tmpfs'), '1\ntmpfs')
  t.equal((await kind('--image-volume', 'ignore')).split('\n')[0], '0')
  const source = join(folder, 'owned')
  mkdirSync(source)
  writeFileSync(join(source, 'f'), '')
  await ok(
    'run',
    '--rm',
    ...net,
    '-u',
    '5:6',
    '-v',
    `${source}:/o:U`,
    'host',
    '/bin/sh',
    '-c',
    'echo > /o/f',
  )
  t.match(statSync(join(source, 'f')), { uid: 5, gid: 6 })
})

t.test('--requires, --replace and --rmi', async (t) => {
  await ok('create', '--name', 'first', ...net, 'host', 'sleep', '100')
  t.match(await run('create', '--requires', 'nobody', 'host', 'true'), { exitCode: 125 })
  await ok('run', '-d', '--name', 'second', '--requires', 'first', ...net, 'host', 'sleep', '100')
  t.equal(await bench.inspect('first', '.State.Running'), true)
  await ok('run', '-d', '--replace', '--name', 'second', ...net, 'host', 'sleep', '101')
  t.strictSame(await bench.inspect('second', '.Config.Cmd'), ['sleep', '101'])
  const file = join(folder, 'id')
  await ok('run', '-d', '--cidfile', file, '--name', 'third', ...net, 'host', 'sleep', '100')
  await ok('stop', '-t', '0', '-i', '--cidfile', file, 'nobody')
  t.equal(await bench.inspect('third', '.State.Running'), false)
  await ok('rm', '-f', '--cidfile', file, 'first', 'second')
  t.equal((await run('stop', 'nobody')).exitCode, 125)
  await ok('commit', 'base', 'gone:1')
  await ok('run', '--rmi', ...net, 'gone:1', '/bin/true')
  const images = () => ok('system', 'df', '-v', '--format', '{{json .Images}}')
  await waitUntil('the image is gone', async () => !(await images()).includes('"gone"'))
})

t.test('a device that its vendor describes', async (t) => {
  const folderOfSpecs = '/var/run/cdi'
  const isNew = !existsSync(folderOfSpecs)
  const path = join(folderOfSpecs, `mycontainer-test-${process.pid}.yaml`)
  mkdirSync(folderOfSpecs, { recursive: true })
  t.teardown(() => rmSync(isNew ? folderOfSpecs : path, { recursive: true, force: true }))
  const kind = `mycontainer.test/card-${process.pid}`
  const device = {
    name: 'a',
    containerEdits: {
      env: ['CARD=a'],
      deviceNodes: [{ path: '/dev/card', hostPath: '/dev/loop-control', permissions: 'r' }],
      mounts: [{ hostPath: '/etc/hostname', containerPath: '/card-name' }],
      hooks: [
        {
          hookName: 'createContainer',
          path: '/bin/sh',
          args: ['sh', '-c', `cat > ${join(folder, 'hook')}`],
        },
      ],
    },
  }
  writeFileSync(path, JSON.stringify({ cdiVersion: '0.6.0', kind, devices: [device] }))
  const script =
    'echo $CARD; : < /dev/card && echo open; (: > /dev/card); cmp /card-name /card-name && echo same'
  const said = await run(
    'run',
    '--rm',
    ...net,
    '--device',
    `${kind}=a`,
    'host',
    '/bin/sh',
    '-c',
    script,
  )
  t.match(said, { stdout: 'a\nopen\nsame\n', stderr: /cannot create \/dev\/card/ })
  t.match(JSON.parse(readFileSync(join(folder, 'hook'), 'utf8')), { ociVersion: /^1/ })
})

t.test('a flag that is not there is told what is', async (t) => {
  const rows: readonly (readonly [flag: string, says: RegExp])[] = [
    ['--gpus=all', /nvidia-ctk/],
    ['--device=example.com/none=1', /\/etc\/cdi/],
    ['--rdt-class=x', /intelRdt/],
    ['--init-path=x', /--init/],
    ['--health-startup-cmd=x', /--health-start-period/],
    ['--use-api-socket', /serve --docker/],
  ]
  for (const [flag, says] of rows)
    t.match(await run('run', flag, 'host', 'true'), { exitCode: 125, stderr: says }, flag)
})
