import { execFileSync, spawnSync } from 'node:child_process'
import { readFileSync, readdirSync } from 'node:fs'
import { createServer } from 'node:net'
import { networkInterfaces } from 'node:os'
import { join } from 'node:path'
import t from 'tap'
import { engineFolders } from '../../runtime/container/folders.ts'
import { firewallTableName } from '../../runtime/network/network.ts'
import { commandBench, waitUntil } from './command-line.ts'
import { leftovers } from './leftovers.ts'
import {
  exchangeDatagram,
  readText,
  tcpClient,
  tcpServer,
  udpServer,
} from './network/text-server.ts'

// Needs root, nft(8) and ip(8). Networks as a user of the command line meets them.

t.setTimeout(180_000)
const bench = commandBench(t)
const table = firewallTableName(engineFolders(bench.root, {}, 0, '/'))

t.before(() => {
  execFileSync(join(import.meta.dirname, '../../bin/myimage'), ['from-host', '-t', 'net', 'perl'], {
    env: { ...process.env, MYCONTAINER_ROOT: bench.root },
  })
})

/** An address of this machine that containers and others reach it by. */
const ownAddress = Object.values(networkInterfaces())
  .flat()
  .find((one) => one?.family === 'IPv4' && !one.internal)?.address

/** A port of the host that nobody has. */
async function freePort(): Promise<number> {
  const server = createServer().listen(0)
  await new Promise((resolve) => server.once('listening', resolve))
  const address = server.address()
  await new Promise((resolve) => server.close(resolve))
  return typeof address === 'object' && address ? address.port : 0
}

async function serve(name: string, flags: readonly string[], port = '80'): Promise<string> {
  await bench.ok(
    'run',
    '-d',
    '--name',
    name,
    '--hostname',
    name,
    ...flags,
    'net',
    ...tcpServer,
    port,
  )
  const address = String(await bench.inspect(name, '.NetworkSettings.IPAddress'))
  await waitUntil(
    `${name} answers`,
    async () => (await ask('--network', `container:${name}`, `127.0.0.1:${port}`)) !== undefined,
  )
  return address
}

/** What a new container with these flags gets from a server. */
async function ask(...words: string[]): Promise<string | undefined> {
  const target = words.pop() ?? ''
  const { exitCode, stdout } = await bench.run('run', '--rm', ...words, 'net', ...tcpClient, target)
  return exitCode === 0 ? stdout.trim() : undefined
}

async function remove(...names: string[]): Promise<void> {
  await bench.ok('rm', '-f', '-t', '0', ...names)
}

t.test('the default bridge', async (t) => {
  const address = await serve('web', [])
  const gateway = String(await bench.inspect('web', '.NetworkSettings.Gateway'))
  t.equal(await readText(address, 80), `web ${gateway}`, 'from the host, by address')
  t.match(await ask(`${address}:80`), /^web \d/u, 'from another container, by address')
  t.equal(await ask('web:80'), undefined, 'names are for networks of one’s own')
  const server = createServer((socket) => socket.end('host\n')).listen(0, gateway)
  await new Promise((resolve) => server.once('listening', resolve))
  const bound = server.address()
  const port = typeof bound === 'object' && bound ? bound.port : 0
  t.equal(await ask(`${gateway}:${port}`), 'host', 'the host, by the gateway’s address')
  t.equal(await ask('--add-host', 'gw:host-gateway', `gw:${port}`), 'host', 'and by host-gateway')
  server.close()
  await remove('web')
})

t.test('published ports', { timeout: 120_000 }, async (t) => {
  const [all, local, udp] = [await freePort(), await freePort(), await freePort()]
  const address = await serve('web', ['-p', `${all}:80`, '-p', `127.0.0.1:${local}:80`])
  t.match(await readText('127.0.0.1', all), /^web/u, 'by 127.0.0.1')
  t.match(await readText('localhost', all), /^web/u, 'by localhost')
  t.match(await ask('--network', 'host', `127.0.0.1:${all}`), /^web/u, 'from the host’s namespace')
  if (ownAddress !== undefined) {
    t.match(await readText(ownAddress, all), /^web/u, 'by the machine’s own address')
    t.match(await ask(`${ownAddress}:${all}`), /^web/u, 'from another container by that')
    t.equal(await readText(ownAddress, local), undefined, 'one for 127.0.0.1 is for it alone')
    const hairpin = await bench.ok('exec', 'web', ...tcpClient, `${ownAddress}:${all}`)
    t.match(hairpin, /^web/u, 'from the container itself')
  }
  t.match(await readText('127.0.0.1', local), /^web/u)
  t.match(address, /^10\./u)
  t.equal(await bench.ok('port', 'web', '80'), `0.0.0.0:${all}\n127.0.0.1:${local}`)
  await bench.ok('run', '-d', '--name', 'echo', '-p', `${udp}:53/udp`, 'net', ...udpServer, '53')
  t.equal(await exchangeDatagram('127.0.0.1', udp), 'got x', 'datagrams')
  await serve('any', ['-P', '--expose', '81'], '81')
  const any = /^81\/tcp -> 0\.0\.0\.0:(\d+)$/u.exec(await bench.ok('port', 'any'))?.[1]
  t.match(await readText('127.0.0.1', Number(any)), /^any/u, '-P takes a free one')

  await t.test('are had by one alone', async (t) => {
    const taken = await bench.run('run', '--rm', '-p', `${all}:80`, 'host', 'true')
    t.equal(taken.exitCode, 125)
    t.match(taken.stderr, new RegExp(`${all}/tcp.*already in use`, 'u'))
    const server = createServer().listen(0)
    await new Promise((resolve) => server.once('listening', resolve))
    const bound = server.address()
    const port = typeof bound === 'object' && bound ? bound.port : 0
    const foreign = await bench.run('run', '--rm', '-p', `${port}:80`, 'host', 'true')
    server.close()
    t.equal(foreign.exitCode, 125)
    t.match(foreign.stderr, /already in use.*a program of the host/u)
  })
  await t.test('come back by the next command', async (t) => {
    const breaks: Readonly<Record<string, () => void>> = {
      'a flushed table': () => void execFileSync('nft', ['flush', 'table', 'inet', table]),
      'a deleted table': () => void execFileSync('nft', ['delete', 'table', 'inet', table]),
      'a deleted bridge': () => void execFileSync('ip', ['link', 'delete', bridgeOf('bridge')]),
    }
    for (const [title, damage] of Object.entries(breaks)) {
      damage()
      t.equal(await readText('127.0.0.1', all, 300), undefined, `${title}: no answer`)
      await bench.ok('run', '--rm', 'host', 'true')
      t.match(await readText('127.0.0.1', all), /^web/u, `${title}: answers again`)
    }
  })
  await remove('web', 'echo', 'any')
  t.equal(await readText('127.0.0.1', all, 300), undefined, 'withdrawn')
  t.strictSame(leftovers(bench.root), [])
  // Veth pairs go some time after their last process.
  await waitUntil(
    'no cable is left',
    async () => readdirSync(`/sys/class/net/${bridgeOf('bridge')}/brif`).length === 0,
  )
  const rules = execFileSync('nft', ['list', 'table', 'inet', table], { encoding: 'utf8' })
  t.notMatch(rules, new RegExp(`tcp \\. (${all}|${local})`, 'u'), 'no rule is left')
})

/** Name of a network's bridge on the host. */
function bridgeOf(network: string): string {
  const text = readFileSync(join(bench.root, 'data/networks', `${network}.json`), 'utf8')
  return /"bridge":\s*"([^"]+)"/u.exec(text)?.[1] ?? ''
}

t.test('addresses and name files', async (t) => {
  const show = async (path: string, ...flags: string[]): Promise<string> =>
    bench.ok('run', '--rm', ...flags, 'host', 'cat', path)
  const gateway = (
    await bench.ok('network', 'inspect', '--format', '{{(index .IPAM.Config 0).Gateway}}', 'bridge')
  ).trim()
  const wanted = gateway.replace(/\.\d+\.\d+$/u, '.200.5')
  await bench.ok('run', '-d', '--name', 'fixed', '--ip', wanted, 'host', 'sleep', '1000')
  t.equal(await bench.inspect('fixed', '.NetworkSettings.IPAddress'), wanted, '--ip')
  const again = await bench.run('run', '--rm', '--ip', wanted, 'host', 'true')
  t.match(again, { exitCode: 125, stderr: /already in use/u })
  t.match(await bench.run('run', '--rm', '--ip', '9.9.9.9', 'host', 'true'), {
    exitCode: 125,
    stderr: /9\.9\.9\.9/u,
  })
  await remove('fixed')
  t.equal(
    await show('/sys/class/net/eth0/address', '--mac-address', '02:11:22:33:44:55'),
    '02:11:22:33:44:55',
  )
  const resolv = await show(
    '/etc/resolv.conf',
    '--dns',
    '9.9.9.9',
    '--dns-search',
    'ex.org',
    '--dns-option',
    'ndots:3',
  )
  t.strictSame(resolv.split('\n').toSorted(), [
    'nameserver 9.9.9.9',
    'options ndots:3',
    'search ex.org',
  ])
  const hosts = await show('/etc/hosts', '--add-host', 'a.b:1.2.3.4', '--hostname', 'me')
  t.match(hosts, /^1\.2\.3\.4\s+a\.b$/mu)
  t.match(hosts, /^10\.[\d.]+\s+me$/mu)
})

t.test('no network, the host’s, and another container’s', async (t) => {
  t.equal(await bench.ok('run', '--rm', '--network', 'none', 'host', 'ls', '/sys/class/net'), 'lo')
  const host = await bench.ok('run', '--rm', '--network', 'host', 'host', 'ls', '/sys/class/net')
  for (const name of Object.keys(networkInterfaces()))
    t.match(host.split('\n'), [name].slice(1), name)
  await bench.ok('run', '-d', '--name', 'base', 'host', 'sleep', '1000')
  const address = String(await bench.inspect('base', '.NetworkSettings.IPAddress'))
  const shared = await bench.ok(
    'run',
    '--rm',
    '--network',
    'container:base',
    'host',
    'cat',
    '/proc/net/fib_trie',
    '/etc/hosts',
  )
  t.ok(shared.includes(address), 'the address of the other')
  await remove('base')
  t.match(await bench.run('run', '--rm', '--network', 'container:base', 'host', 'true'), {
    exitCode: 125,
    stderr: /base/u,
  })
})

t.test('networks of one’s own', { timeout: 120_000 }, async (t) => {
  await bench.ok('network', 'create', 'one')
  await bench.ok('network', 'create', '--subnet', '10.199.7.0/24', '--gateway', '10.199.7.1', 'two')
  await bench.ok('network', 'create', '--internal', 'inner')
  t.match(await bench.run('network', 'create', 'one'), { exitCode: 125, stderr: /exists already/u })
  const listed = (await bench.ok('network', 'ls', '--format', '{{.Name}}')).split('\n').toSorted()
  t.strictSame(listed, ['bridge', 'inner', 'one', 'two'])
  const address = await serve('svc', ['--network', 'one', '--network-alias', 'alias'])
  for (const name of ['svc', 'alias'])
    t.match(await ask('--network', 'one', `${name}:80`), /^svc/u, `by name: ${name}`)
  t.equal(await ask('--network', 'two', 'svc:80'), undefined, 'not by name from another network')
  t.equal(await ask('--network', 'two', `${address}:80`), undefined, 'nor by address')
  t.equal(await ask(`${address}:80`), undefined, 'nor from the default one')
  t.match(await ask('--network', 'two', '--network', 'one', 'svc:80'), /^svc/u, 'from both at once')
  const inTwo = await bench.ok(
    'run',
    '--rm',
    '--network',
    'two',
    '--ip',
    '10.199.7.9',
    'host',
    'cat',
    '/etc/hosts',
  )
  t.match(inTwo, /^10\.199\.7\.9\s/mu)
  const routes = await bench.ok(
    'run',
    '--rm',
    '--network',
    'inner',
    'host',
    'cat',
    '/proc/net/route',
  )
  t.notMatch(routes, /^eth\d+\s+00000000\s/mu, 'an internal one leads nowhere')
  t.match(await bench.run('network', 'rm', 'one'), { exitCode: 1, stderr: /svc/u })
  const bridges = ['one', 'two', 'inner'].map(bridgeOf)
  await remove('svc')
  await bench.ok('network', 'rm', 'one', 'two', 'inner')
  for (const bridge of bridges)
    t.notOk(Object.keys(networkInterfaces()).includes(bridge), `${bridge} is gone`)
  t.strictSame(leftovers(bench.root), [])
})

t.test('what is wanted in each of several networks', async (t) => {
  for (const [name, subnet] of [
    ['one', '10.201.1.0/24'],
    ['two', '10.201.2.0/24'],
  ] as const)
    await bench.ok('network', 'create', '--subnet', subnet, name)
  const wishes = [
    '--network',
    'one:ip=10.201.1.77,alias=first',
    '--network',
    'name=two,alias=second',
  ]
  await bench.ok('run', '-d', '--name', 'both', ...wishes, 'net', ...tcpServer, '80')
  const address = await bench.inspect('both', '.NetworkSettings.Networks')
  t.match(address, { one: { IPAddress: '10.201.1.77' }, two: { IPAddress: /^10\.201\.2\./ } })
  for (const [network, alias, wanted] of [
    ['one', 'first', true],
    ['two', 'second', true],
    ['one', 'second', false],
  ] as const)
    await waitUntil(`${alias} in ${network}: ${wanted}`, async () => {
      const answer = await ask('--network', network, `${alias}:80`)
      return (answer !== undefined) === wanted
    })
  const mixed = ['run', '--rm', '--ip', '10.201.1.5', '--network', 'one', '--network', 'two', 'net']
  t.match(await bench.run(...mixed, 'true'), { exitCode: 125, stderr: /--network NAME:ip=/ })
  await remove('both')
  await bench.ok('network', 'rm', 'one', 'two')
  const left = readdirSync(join(bench.root, 'run/networks')).filter((name) => name !== 'bridge')
  t.strictSame(left, [], 'nothing of removed networks')
})

t.test('IPv6: ::1 is refused at once, for nothing can be sent on from it', async (t) => {
  const port = String(await freePort())
  await bench.ok('network', 'create', '--ipv6', 'six')
  await serve('sixth', ['--network', 'six', '-p', `${port}:80`])
  const fetch = (host: string) =>
    spawnSync('curl', ['-sg', '--max-time', '5', `telnet://${host}:${port}`], { input: '' }).status
  t.equal(fetch('[::1]'), 7, 'connection refused')
  t.not(fetch('127.0.0.1'), 7)
  const flags = ['run', '--rm', '--network', 'six', '-p', '[::1]:1:80', 'net', 'true']
  t.match(await bench.run(...flags), { exitCode: 125, stderr: /127\.0\.0\.1/ })
  await remove('sixth')
  await bench.ok('network', 'rm', 'six')
})

t.test('system prune has one sum', async (t) => {
  await bench.ok('create', '--name', 'old', 'host', 'true')
  await bench.ok('network', 'create', 'unused')
  const said = await bench.ok('system', 'prune', '-f', '--volumes')
  t.match(said, /^Deleted Containers:\n([0-9a-f]{64}\n)+\nDeleted Networks:\n(.*\n)*unused\n\n/)
  t.equal(said.match(/Total reclaimed space/g)?.length, 1)
})
