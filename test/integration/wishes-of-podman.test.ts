import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { execFileSync, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import t from 'tap'
import { commandBench, startCommand, waitUntil } from './command-line.ts'

// What people who come from podman or docker ask for next.

t.setTimeout(60_000)
const bench = commandBench(t)
const { ok, run, root, folder } = bench
const net = ['--network', 'none']

t.test('rm keeps what others require', async (t) => {
  const names = async (): Promise<string> => ok('ps', '-a', '--format', '{{.Names}}')
  const make = async (): Promise<void> => {
    await ok('create', '--name', 'a', ...net, 'host', 'sleep', '100')
    await ok('create', '--name', 'b', '--requires', 'a', ...net, 'host', 'sleep', '100')
  }
  await make()
  t.match(await run('rm', 'a'), { exitCode: 125, stderr: /dependents=b/ })
  t.equal(await names(), 'b\na')
  const printed = (await ok('rm', '--depend', 'a')).split('\n')
  t.match(printed, [/^[0-9a-f]{64}$/, 'a'], 'those that require it first')
  await make()
  await ok('rm', '-f', 'a')
  t.equal(await names(), 'b', 'docker’s scripts rely on -f')
  await ok('create', '--name', 'a', ...net, 'host', 'sleep', '100')
  await ok('rm', '-a')
  await make()
  await ok('prune', '-f')
  t.equal(await names(), '')
})

t.test('serve --docker for a group', async (t) => {
  const socket = join(folder, 'docker.sock')
  chmodSync(folder, 0o711)
  const server = startCommand(['serve', '--docker', '--group', '60', socket], { root })
  t.teardown(async () => {
    server.kill('SIGTERM')
    await once(server, 'exit')
  })
  await waitUntil('the socket', () => existsSync(socket) && statSync(socket).gid === 60)
  await waitUntil('its mode', () => (statSync(socket).mode & 0o777) === 0o660)
  const ping = (...who: string[]): string => {
    const words = ['--reuid', '1234', '--regid', '1234', ...who, 'curl', '-s', '--unix-socket']
    return spawnSync('setpriv', [...words, socket, 'http://x/_ping'], { encoding: 'utf8' }).stdout
  }
  t.equal(ping('--groups', '60'), 'OK', 'a supplementary group is enough')
  t.equal(ping('--clear-groups'), '')
  const rows: [string[], number][] = [
    [['serve', '--docker', '--group', 'no-such-group', join(folder, 'x')], 125],
    [['serve', '--group', '0'], 125],
  ]
  for (const [words, exitCode] of rows) t.match(await run(...words), { exitCode })
})

const program = join(folder, 'shell')
const writeVolume = 'echo x > /v/a; ln -s /etc/passwd /v/l; chown 5:6 /v/a'

t.test('networks of IPv6 alone, with routes and name servers', async (t) => {
  mkdirSync(join(program, 'bin'), { recursive: true })
  for (const name of ['proc', 'sys', 'dev', 'etc', 'tmp']) mkdirSync(join(program, name))
  copyFileSync('/bin/busybox', join(program, 'bin/busybox'))
  for (const name of ['sh', 'ip', 'nslookup', 'sleep', 'cat', 'wget', 'httpd', 'env', 'id', 'ls'])
    symlinkSync('busybox', join(program, 'bin', name))
  const route = ['--route', 'fd08:9::/64,fd08:1::7']
  await ok('network', 'create', '--subnet', 'fd08:1::/64', ...route, 'six')
  t.match(JSON.parse(await ok('network', 'inspect', 'six')), [
    { EnableIPv4: false, EnableIPv6: true, IPAM: { Config: [{ Subnet: 'fd08:1::/64' }] } },
  ])
  await ok('run', '-d', '--name', 'web', '--network', 'six', '--rootfs', program, 'sleep', '100')
  const look = 'ip -4 addr show eth0; ip -6 route; nslookup web; cat /etc/hosts'
  const seen = await ok('run', '--rm', '--network', 'six', '--rootfs', program, 'sh', '-c', look)
  t.notMatch(seen, /inet /)
  t.match(seen, /default via fd08:1::1/)
  t.match(seen, /fd08:9::\/64 via fd08:1::7/)
  t.match(seen, /Name:\s+web\nAddress: fd08:1::2/)
  t.match(seen, /^fd08:1::3\s/m)
  const refused: [string[], number][] = [
    [['run', '--rm', '--network', 'six', '-p', '127.0.0.1:1:80', 'host', '/bin/true'], 125],
    [['network', 'create', '--ipv4=false', 'x'], 1],
    [['network', 'create', '--ipv4=false', '--ipv6', '--subnet', '10.208.1.0/24', 'x'], 1],
    [['network', 'create', '--route', '10.0.0.0/8', 'x'], 125],
    [['network', 'create', '--disable-dns', '--dns', '10.0.0.1', 'x'], 1],
    [['network', 'update', '--dns-drop', 'fd08::5', 'six'], 125],
    [['network', 'reload', 'nobody'], 125],
  ]
  for (const [words, exitCode] of refused)
    t.match(await run(...words), { exitCode }, words.join(' '))
})

t.test('network update, reload and exists', async (t) => {
  const nameServers = async (): Promise<unknown> =>
    JSON.parse(readFileSync(join(root, 'data/networks/six.json'), 'utf8')).nameServers
  await ok('network', 'update', '--dns-add', 'fd08:1::53,10.9.9.9', 'six')
  await ok('network', 'update', '--dns-drop', '10.9.9.9', 'six')
  t.strictSame(await nameServers(), ['fd08:1::53'])
  const lookUp = ['exec', 'web', 'nslookup', 'web']
  t.match(await ok(...lookUp), /fd08:1::2/, 'the new name server knows the containers')
  const bridge = `mc-${(await ok('network', 'inspect', '-f', '{{.Id}}', 'six')).slice(0, 12)}`
  execFileSync('ip', ['link', 'delete', bridge])
  t.match(await ok('network', 'reload', '-a'), /^[0-9a-f]{64}$/)
  t.match(await ok(...lookUp), /fd08:1::2/)
  const rows: [string, string, number][] = [
    ['network', 'six', 0],
    ['network', 'seven', 1],
    ['container', 'web', 0],
    ['container', 'nobody', 1],
    ['volume', 'none', 1],
    ['secret', 'none', 1],
  ]
  for (const [noun, name, exitCode] of rows)
    t.match(await run(noun, 'exists', name), { exitCode, stdout: '' }, `${noun} ${name}`)
})

t.test('events of networks at a container’s start and end', async (t) => {
  const since = new Date().toISOString()
  await ok('run', '--rm', '--network', 'six', 'host', '/bin/true')
  const template = '{{.Type}} {{.Action}}'
  const events = await ok('events', '--since', since, '--until', '0s', '--format', template)
  t.strictSame(
    events.split('\n').filter((line) => !/attach|create/.test(line)),
    [
      'network connect',
      'container start',
      'container die',
      'network disconnect',
      'container destroy',
    ],
  )
  await ok('rm', '-f', 'web')
})

t.test('links, account entries, hosts files, chroot folders', async (t) => {
  const files = join(folder, 'hosts')
  writeFileSync(files, '192.0.2.7 printer\n')
  await ok('run', '-d', '--name', 'db', '-e', 'MODE=b', '--expose', '5432', 'host', 'sleep', '100')
  const address = String(await bench.inspect('db', '.NetworkSettings.IPAddress'))
  const look = async (script: string, ...flags: string[]): Promise<string> =>
    ok('run', '--rm', '--name', 'web', ...flags, '--rootfs', program, 'sh', '-c', script)
  await ok('create', '--name', 'kept', '--link', 'db:data', 'host', 'true')
  t.strictSame(await bench.inspect('kept', '.HostConfig.Links'), ['/db:/kept/data'])
  await ok('rm', 'kept')
  const linked = await look('env; cat /etc/hosts', '--link', 'db:data', '-e', 'DATA_ENV_MODE=own')
  for (const line of [
    `${address}\tdata`,
    `${address}\tdb`,
    'DATA_NAME=/web/data',
    `DATA_PORT=tcp://${address}:5432`,
    'DATA_PORT_5432_TCP_PROTO=tcp',
    'DATA_ENV_MODE=own',
  ])
    t.ok(linked.split('\n').includes(line), line)
  await ok('stop', '-t', '0', 'db')
  t.match(await run('run', '--rm', '--link', 'db', 'host', '/bin/true'), {
    exitCode: 125,
    stderr: /non running container/,
  })
  await ok('rm', 'db')
  t.match(await look('cat /etc/hosts', '--hosts-file', files), /^192.0.2.7 printer\n/)
  const entries = ['--passwd-entry', 'me:x:$UID:$GID::/:', '--group-entry', 'ours:x:$GID:']
  t.match(await look('id', ...entries, '--user', '1234:55'), 'uid=1234(me) gid=55(ours)')
  t.match(await look('ls /tmp/etc', '--chrootdirs', '/tmp'), 'hosts')
  const refused: [string[], number][] = [
    [['--link', 'nobody'], 125],
    [['--link', ':x'], 125],
    [['--link', 'db', '--network', 'host'], 125],
    [['--passwd-entry', 'me:x'], 125],
    [['--hosts-file', '/no/such/file'], 125],
    [['--hosts-file', 'image'], 125],
    [['--chrootdirs', '../x'], 125],
    [['--systemd', 'maybe'], 125],
    [['--systemd', 'always', '--init'], 125],
  ]
  for (const [flags, exitCode] of refused)
    t.match(await run('run', '--rm', ...flags, 'host', '/bin/true'), { exitCode }, flags.join(' '))
})

t.test('systemd runs as the first process, and stops for the signal that it knows', async (t) => {
  const identity = join(folder, 'machine-id')
  writeFileSync(identity, `${'0123456789abcdef'.repeat(2)}\n`)
  const units = '/lib/systemd/system'
  execFileSync(
    join(import.meta.dirname, '../../bin/myimage'),
    [
      'from-host',
      '-q',
      '-t',
      'machine',
      '/lib/systemd/systemd',
      'systemctl',
      'sh',
      'cat',
      '/lib/systemd/systemd-shutdown',
      '/lib/systemd/systemd-journald',
      '-p',
      units,
      // Not its first start: it would enable whatever this host has.
      '-p',
      `${identity}:/etc/machine-id`,
      '--exclude',
      `${units}/multi-user.target.wants/*`,
    ],
    { env: { ...process.env, MYCONTAINER_ROOT: root } },
  )
  await ok('run', '-d', '--name', 'machine', ...net, 'machine')
  await waitUntil('its default target', async () => {
    const { stdout } = await run('exec', 'machine', 'systemctl', 'is-active', 'default.target')
    return stdout === 'active\n'
  })
  t.match(await ok('exec', 'machine', 'cat', '/proc/1/comm'), 'systemd')
  await ok('stop', '-t', '30', 'machine')
  t.equal(await bench.inspect('machine', '.State.ExitCode'), 0, 'it ended by itself')
  t.equal(await bench.inspect('machine', '.Config.StopSignal'), 'SIGRTMIN+3')
  await ok('rm', 'machine')
  const [on, off] = await Promise.all(
    ['always', 'false'].map((mode) =>
      ok('run', '--rm', ...net, '--systemd', mode, 'machine', 'sh', '-c', 'echo $container_uuid'),
    ),
  )
  t.match(on, /^[0-9a-f]{32}$/)
  t.equal(off, '')
})

t.test('a volume as an archive, and back', async (t) => {
  await ok('run', '--rm', ...net, '-v', 'from:/v', 'host', '/bin/sh', '-c', writeVolume)
  const archive = join(folder, 'volume.tar')
  await ok('volume', 'export', '-o', archive, 'from')
  const listed = execFileSync('tar', ['--numeric-owner', '-tvf', archive], { encoding: 'utf8' })
  t.match(listed, /5\/6 +2 .* a\n[^]* l -> \/etc\/passwd\n/)
  execFileSync('gzip', ['-k', archive])
  await ok('volume', 'create', 'to')
  await ok('volume', 'import', 'to', `${archive}.gz`)
  const look = 'cat /v/a; readlink /v/l'
  t.equal(
    await ok('run', '--rm', ...net, '-v', 'to:/v', 'host', '/bin/sh', '-c', look),
    'x\n/etc/passwd',
  )
  const rows: [string[], number][] = [
    [['volume', 'import', 'to', '/no/such/file'], 125],
    [['volume', 'import', 'to', '/etc/hostname'], 125],
    [['volume', 'import', 'nobody', archive], 1],
    [['volume', 'export', 'nobody', '-o', archive], 1],
  ]
  for (const [words, exitCode] of rows) t.match(await run(...words), { exitCode }, words.join(' '))
  t.equal(await ok('ps', '-aq'), '', 'nothing is left of what had the volume')
})

t.test('a container with the settings of another', async (t) => {
  await ok(
    'create',
    '--name',
    'first',
    ...net,
    '-e',
    'A=1',
    '-v',
    '/anonymous',
    'host',
    'sleep',
    '9',
  )
  t.match(await ok('container', 'clone', 'first'), /^[0-9a-f]{64}$/)
  t.ok(((await bench.inspect('first-clone', '.Config.Env')) as string[]).includes('A=1'))
  const volume = async (name: string): Promise<unknown> =>
    bench.inspect(name, '(index .Mounts 0).Name')
  t.not(await volume('first'), await volume('first-clone'), 'nothing that is written is shared')
  t.match(await run('container', 'clone', 'first'), { exitCode: 125 }, 'the name is taken')
  await ok('container', 'clone', '--destroy', '--run', 'first', 'second')
  t.equal(await ok('ps', '-a', '--sort', 'names', '--format', '{{.Names}}'), 'first-clone\nsecond')
  await ok('rm', '-f', '-v', 'first-clone', 'second')
})

t.test('units of systemd', async (t) => {
  await ok('create', '--name', 'unit', ...net, 'host', 'sleep', '100')
  const flags = ['--restart-sec', '5', '--after', 'a.service', '-e', 'A=b c']
  await ok('generate', 'systemd', '-n', ...flags, 'unit').then((text) =>
    writeFileSync(join(folder, 'container-unit.service'), text),
  )
  const text = readFileSync(join(folder, 'container-unit.service'), 'utf8')
  for (const line of [
    'After=network-online.target a.service',
    'Environment="A=b c"',
    'Restart=on-failure',
    'RestartSec=5',
  ])
    t.ok(text.split('\n').includes(line), line)
  t.match(text, /^ExecStart=.*\/bin\/mycontainer --root .* start --attach unit$/m)
  const verified = spawnSync('systemd-analyze', ['verify', join(folder, 'container-unit.service')])
  t.match(verified, { status: 0 }, verified.stderr.toString())
  t.match(await run('generate', 'systemd', '--new', 'unit'), { exitCode: 125 })
  t.match(await run('generate', 'systemd', '--restart-policy', 'x', 'unit'), { exitCode: 125 })
  await ok('rm', 'unit')
})
