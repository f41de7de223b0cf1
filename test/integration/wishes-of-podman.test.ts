import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  readFileSync,
  statSync,
  symlinkSync,
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
  t.match(await run(...lookUp), { exitCode: 1 })
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
