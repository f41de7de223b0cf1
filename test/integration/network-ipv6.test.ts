import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createServer } from 'node:net'
import { join } from 'node:path'
import t from 'tap'
import { commandBench, waitUntil } from './command-line.ts'
import { leftovers } from './leftovers.ts'
import { readText } from './network/text-server.ts'

// Needs root, ip(8) and IPv6. Networks of both families, as a user of the command line meets them.

t.setTimeout(120_000)
const bench = commandBench(t)

/** Perl that answers every connection of both families with the peer's address. Its argument: port. */
const server = [
  'perl',
  '-MIO::Socket::IP',
  '-e',
  '$s = IO::Socket::IP->new(LocalHost => "::", LocalPort => $ARGV[0], Listen => 9, ReuseAddr => 1, V6Only => 0) or die $@; ' +
    'while (1) { $c = $s->accept or next; print $c $c->peerhost, "\\n"; close $c }',
] as const

/** Perl that prints what the server at HOST, PORT says. */
const client = [
  'perl',
  '-MIO::Socket::IP',
  '-e',
  '$s = IO::Socket::IP->new(PeerHost => $ARGV[0], PeerPort => $ARGV[1], Timeout => 1) or exit 1; print <$s>',
] as const

const lookUp = [
  'perl',
  '-MSocket=:addrinfo,AF_INET6,SOCK_STREAM',
  '-e',
  '($e, @a) = getaddrinfo($ARGV[0], "", {family => AF_INET6, socktype => SOCK_STREAM}); exit 1 if $e; ' +
    'print((getnameinfo($a[0]{addr}, NI_NUMERICHOST))[1])',
] as const

async function ask(container: string, host: string, port = 80): Promise<string | undefined> {
  const { exitCode, stdout } = await bench.run('exec', container, ...client, host, String(port))
  return exitCode === 0 ? stdout.trim() : undefined
}

async function freePort(): Promise<number> {
  const probe = createServer().listen(0)
  await once(probe, 'listening')
  const address = probe.address()
  probe.close()
  await once(probe, 'close')
  return typeof address === 'object' && address ? address.port : 0
}

t.before(async () => {
  execFileSync(
    join(import.meta.dirname, '../../bin/myimage'),
    ['from-host', '-t', 'net', 'perl', 'cat', 'ls'],
    { env: { ...process.env, MYCONTAINER_ROOT: bench.root } },
  )
  const four = ['--subnet', '10.206.1.0/24', '--gateway', '10.206.1.9']
  const six = ['--subnet', 'fd06:1::/64', '--gateway', 'fd06:1::9', '--ip-range', 'fd06:1::100/120']
  await bench.ok('network', 'create', ...four, ...six, 'six')
  await bench.ok('network', 'create', '--ipv6', 'other')
  await bench.ok('network', 'create', 'four')
})

t.test('addresses, names and the way to each other', async (t) => {
  const port = await freePort()
  const words = ['-d', '--name', 'web', '--network', 'six', '-p', `${port}:80`]
  await bench.ok('run', ...words, 'net', ...server, '80')
  const [config] = JSON.parse(
    await bench.ok('network', 'inspect', '--format', '[{{json .}}]', 'six'),
  ) as { EnableIPv6: boolean; IPAM: { Config: unknown[] } }[]
  t.match(config, {
    EnableIPv6: true,
    IPAM: {
      Config: [
        { Subnet: '10.206.1.0/24', Gateway: '10.206.1.9' },
        { Subnet: 'fd06:1::/64', Gateway: 'fd06:1::9', IPRange: 'fd06:1::100/120' },
      ],
    },
  })
  t.match(await bench.inspect('web', '.NetworkSettings.Networks.six'), {
    GlobalIPv6Address: /^fd06:1::1[0-9a-f]{2}$/u,
    GlobalIPv6PrefixLen: 64,
    IPv6Gateway: 'fd06:1::9',
  })
  const fixed = ['-d', '--name', 'peer', '--network', 'six', '--ip6', 'FD06:1:0:0::77']
  await bench.ok('run', ...fixed, 'net', ...server, '80')
  const address = String(await bench.inspect('web', '.NetworkSettings.GlobalIPv6Address'))
  await waitUntil('it answers', async () => (await ask('peer', address)) !== undefined)
  t.equal(await ask('peer', address), 'fd06:1::77', '--ip6')
  t.equal(await bench.ok('exec', 'peer', ...lookUp, 'web'), address, 'AAAA of a name')
  t.match(await bench.ok('exec', 'peer', 'cat', '/etc/hosts'), /^fd06:1::77\s/mu)

  await t.test('published ports', async (t) => {
    t.match(await bench.ok('port', 'web', '80'), `[::]:${port}`)
    t.ok(await readText('fd06:1::9', port), 'from the host, by its address on the bridge')
    t.match(await readText('127.0.0.1', port), /10\.206\.1\.9/u, 'and by IPv4')
    await bench.ok('run', '-d', '--name', 'far', '--network', 'other', 'net', ...server, '80')
    t.equal(await ask('far', address), undefined, 'not from another network by its address')
    t.ok(await ask('far', 'fd06:1::9', port), 'but by the port')
    await bench.ok('network', 'connect', '--ip6', 'fd06:1::88', 'six', 'far')
    t.equal(await ask('far', address), 'fd06:1::88', 'once it is in the network')
    await bench.ok('network', 'disconnect', 'other', 'far')
    const routes = await bench.ok('exec', 'far', 'cat', '/proc/net/ipv6_route')
    t.match(
      routes,
      /^0{32} 00 0{32} 00 fd060001000000000000000000000009 .* eth1$/mu,
      'the way out moves',
    )
    await bench.ok('rm', '-f', '-t', '0', 'far')
  })

  await t.test('what cannot be', async (t) => {
    const rows: readonly (readonly [string, readonly string[], RegExp])[] = [
      ['taken', ['--network', 'six', '--ip6', 'fd06:1::77'], /already in use/u],
      ['the gateway', ['--network', 'six', '--ip6', 'fd06:1::9'], /already in use/u],
      ['of elsewhere', ['--network', 'six', '--ip6', 'fd07::1'], /fd07::1/u],
      ['without IPv6', ['--network', 'four', '--ip6', 'fd06:1::5'], /--ipv6/u],
      ['a port without IPv6', ['--network', 'four', '-p', '[::]:1:80'], /--ipv6/u],
    ]
    for (const [title, flags, stderr] of rows)
      t.match(
        await bench.run('run', '--rm', ...flags, 'net', 'true'),
        { exitCode: 125, stderr },
        title,
      )
    for (const subnet of ['fd06:1::/80', 'fd06::/120', 'fd06:1::1/64'])
      t.not((await bench.run('network', 'create', '--subnet', subnet, 'bad')).exitCode, 0, subnet)
  })
  await bench.ok('rm', '-f', '-t', '0', 'web', 'peer')
  t.strictSame(leftovers(bench.root), [])
})

t.test('the way out is by the host’s address', async (t) => {
  const name = `mct${process.pid % 100_000}`
  const ip = (...words: string[]): void => void execFileSync('ip', words)
  let outside: ChildProcess | undefined
  t.teardown(async () => {
    outside?.kill('SIGKILL')
    ip('netns', 'delete', name)
    await bench.run('rm', '-f', '-t', '0', 'guest')
  })
  ip('netns', 'add', name)
  ip('link', 'add', name, 'type', 'veth', 'peer', 'name', 'eth0', 'netns', name)
  ip('address', 'add', 'fd06:2::1/64', 'dev', name, 'nodad')
  ip('link', 'set', name, 'up')
  ip('-n', name, 'address', 'add', 'fd06:2::2/64', 'dev', 'eth0', 'nodad')
  ip('-n', name, 'link', 'set', 'eth0', 'up')
  outside = spawn('ip', ['netns', 'exec', name, ...server, '80'], { stdio: 'ignore' })
  await bench.ok('run', '-d', '--name', 'guest', '--network', 'other', 'net', ...server, '80')
  await waitUntil('it answers', async () => (await ask('guest', 'fd06:2::2')) !== undefined)
  t.equal(await ask('guest', 'fd06:2::2'), 'fd06:2::1')
  const inner = ['network', 'create', '--internal', '--ipv6', 'inner']
  await bench.ok(...inner)
  await bench.ok('run', '-d', '--name', 'kept', '--network', 'inner', 'net', ...server, '80')
  t.equal(await ask('kept', 'fd06:2::2'), undefined, 'an internal one has none')
  await bench.ok('rm', '-f', '-t', '0', 'guest', 'kept')
  await bench.ok('network', 'rm', 'six', 'other', 'four', 'inner')
})
