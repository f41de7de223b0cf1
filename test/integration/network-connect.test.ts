import { execFileSync } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync, readdirSync, watch } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { commandBench, startCommand, waitUntil } from './command-line.ts'
import { leftovers } from './leftovers.ts'
import { readText, tcpServer } from './network/text-server.ts'

// Needs root. Containers that come into networks and leave them, as a user of the command line meets it.

t.setTimeout(120_000)
const bench = commandBench(t)

t.before(async () => {
  const words = ['from-host', '-t', 'net', 'perl', 'cat', 'sleep']
  execFileSync(join(import.meta.dirname, '../../bin/myimage'), words, {
    env: { ...process.env, MYCONTAINER_ROOT: bench.root },
  })
  await bench.ok('network', 'create', '--subnet', '10.203.1.0/24', 'one')
  await bench.ok('network', 'create', '--subnet', '10.203.2.0/24', 'two')
  await bench.ok('network', 'create', '--internal', '--subnet', '10.203.3.0/24', 'inner')
})

const lookUp = ['perl', '-MSocket', '-e', 'print inet_ntoa(inet_aton($ARGV[0]) // exit 1)'] as const

async function addressOf(asker: string, name: string): Promise<string | undefined> {
  const { exitCode, stdout } = await bench.run('exec', asker, ...lookUp, name)
  return exitCode === 0 ? stdout : undefined
}

async function start(name: string, ...flags: string[]): Promise<void> {
  await bench.ok('run', '-d', '--name', name, ...flags, 'net', ...tcpServer, '80')
}

/** Interfaces of a container but the loopback one, with the hexadecimal gateway of the default route: `eth0 eth1 via eth0`. */
async function interfaces(name: string): Promise<string> {
  const read = [
    '-0777',
    '-ne',
    'print join(" ", sort grep !/^lo$/, map m{net/(.*)}, glob "/sys/class/net/*"), /^(\\S+)\\s+00000000\\s/m ? " via $1" : ""',
  ]
  return bench.ok('exec', name, 'perl', ...read, '/proc/net/route')
}

async function addresses(name: string): Promise<Record<string, string>> {
  const networks = await bench.inspect(name, '.NetworkSettings.Networks')
  const entries = Object.entries(networks as Record<string, { IPAddress: string }>)
  return Object.fromEntries(entries.map(([network, { IPAddress }]) => [network, IPAddress]))
}

const leasesIn = (network: string): string[] =>
  readdirSync(join(bench.root, 'run/networks', network, 'leases')).filter(
    (name) => name !== '.lock',
  )

/** Ends of containers' cables on a bridge. */
async function cablesOn(network: string): Promise<number> {
  const text = readFileSync(join(bench.root, 'data/networks', `${network}.json`), 'utf8')
  const bridge = /"bridge":"([^"]+)"/u.exec(text)?.[1] ?? ''
  return readdirSync(`/sys/class/net/${bridge}/brif`).length
}

t.test('a running container comes into a network and leaves it', async (t) => {
  await start('web', '--network', 'one')
  await start('peer', '--network', 'two')
  t.equal(await addressOf('peer', 'web'), undefined)
  const flags = ['--alias', 'www', '--ip', '10.203.2.77', '--mac-address', '02:00:00:00:00:07']
  await bench.ok('network', 'connect', ...flags, 'two', 'web')
  t.equal(await interfaces('web'), 'eth0 eth1 via eth0', 'the way out is as before')
  t.match(await addresses('web'), { one: /^10\.203\.1\./u, two: '10.203.2.77' })
  t.equal(await bench.ok('exec', 'web', 'cat', '/sys/class/net/eth1/address'), '02:00:00:00:00:07')
  for (const name of ['web', 'www']) t.equal(await addressOf('peer', name), '10.203.2.77', name)
  t.match(await addressOf('web', 'peer'), /^10\.203\.2\./u, 'and the other way')
  t.match(await bench.ok('exec', 'web', 'cat', '/etc/hosts'), /^10\.203\.2\.77\s/mu)
  t.equal(await readText('10.203.2.77', 80), 'web 10.203.2.1'.replace('web', await hostname('web')))
  await bench.ok('rename', 'web', 'site')
  t.equal(await addressOf('peer', 'site'), '10.203.2.77', 'by its new name')
  t.equal(await addressOf('peer', 'web'), undefined, 'and not by the old one')
  await bench.ok('rename', 'site', 'web')
  const inspected = await bench.ok('network', 'inspect', '--format', '{{json .Containers}}', 'two')
  t.match(inspected, /"Name":"web"/u)
  t.match(await bench.run('network', 'rm', 'two'), { exitCode: 1, stderr: /web/u })
  t.match(await bench.run('network', 'connect', 'two', 'web'), {
    exitCode: 1,
    stderr: /endpoint with name web already exists in network two/u,
  })

  await bench.ok('network', 'disconnect', 'one', 'web')
  t.equal(await interfaces('web'), 'eth1 via eth1', 'the way out is by what is left')
  t.strictSame(Object.keys(await addresses('web')), ['two'])
  t.strictSame(leasesIn('one'), [])
  t.match(await bench.run('network', 'disconnect', 'one', 'web'), {
    exitCode: 1,
    stderr: /is not connected to network one/u,
  })
  await bench.ok('network', 'disconnect', '-f', 'one', 'web')

  await bench.ok('network', 'connect', 'inner', 'web')
  t.equal(await interfaces('web'), 'eth0 eth1 via eth1', 'the first free name')
  await bench.ok('restart', '-t', '0', 'web')
  t.equal(await interfaces('web'), 'eth0 eth1 via eth0', 'kept, and numbered anew')
  t.match(await addresses('web'), { two: '10.203.2.77', inner: /^10\.203\.3\./u })
  await bench.ok('rm', '-f', '-t', '0', 'web', 'peer')
  const look = ['events', '--since', '10m', '--until', '0s', '--filter', 'type=network']
  const actions = (await bench.ok(...look, '--format', '{{.Action}}')).split('\n')
  const [come, go] = ['connect', 'disconnect']
  const restart = [go, come, come]
  t.strictSame(
    actions.filter((action) => action === come || action === go),
    [come, come, come, go, come, ...restart, go, go, go],
    'at starts and ends too',
  )
  t.strictSame(leftovers(bench.root), [])
})

async function hostname(name: string): Promise<string> {
  return String(await bench.inspect(name, '.Config.Hostname'))
}

t.test('one that does not run is in it when it starts', async (t) => {
  await bench.ok('create', '--name', 'later', '--network', 'one', 'net', ...tcpServer, '80')
  await bench.ok('network', 'connect', '--alias', 'soon', 'two', 'later')
  await bench.ok('network', 'disconnect', 'one', 'later')
  t.match(await bench.run('network', 'rm', 'two'), { exitCode: 1, stderr: /later/u })
  await bench.ok('start', 'later')
  t.strictSame(Object.keys(await addresses('later')), ['two'])
  t.match(await addressOf('later', 'soon'), /^10\.203\.2\./u)
  await bench.ok('network', 'disconnect', 'two', 'later')
  t.equal(await interfaces('later'), '', 'one without any network')
  await bench.ok('restart', '-t', '0', 'later')
  t.equal(await interfaces('later'), '')
  await bench.ok('network', 'connect', 'one', 'later')
  t.equal(await interfaces('later'), 'eth0 via eth0')
  await bench.ok('rm', '-f', '-t', '0', 'later')
})

t.test('published ports lead to the first network that is left', async (t) => {
  await start('port', '--network', 'one', '-p', '127.0.0.1::80')
  const port = Number(/:(\d+)$/u.exec(await bench.ok('port', 'port', '80'))?.[1])
  const answers = (): Promise<string | undefined> => readText('127.0.0.1', port, 200)
  await waitUntil('it answers', async () => (await answers()) !== undefined)
  await bench.ok('network', 'connect', 'two', 'port')
  await bench.ok('network', 'disconnect', 'one', 'port')
  t.match(await answers(), /10\.203\.2\.1$/u)
  await bench.ok('network', 'disconnect', 'two', 'port')
  t.equal(await answers(), undefined, 'nowhere')
  await bench.ok('run', '--rm', '--network', 'two', 'host', 'true')
  t.equal(await answers(), undefined, 'nobody puts it back')
  await bench.ok('network', 'connect', 'one', 'port')
  t.match(await answers(), /10\.203\.1\.1$/u)
  await bench.ok('rm', '-f', '-t', '0', 'port')
  t.strictSame(leftovers(bench.root), [])
})

t.test('what cannot be is refused and changes nothing', async (t) => {
  await start('plain', '--network', 'one')
  await start('none', '--network', 'none')
  await start('joined', '--network', 'container:plain')
  await bench.ok('run', '-d', '--name', 'host', '--network', 'host', 'net', 'sleep', '1000')
  const rows: readonly (readonly [string, readonly string[], RegExp])[] = [
    ['no network', ['connect', 'two', 'none'], /private \(none\) mode/u],
    [
      'the host’s',
      ['connect', 'two', 'host'],
      /sharing network namespace with another container or host/u,
    ],
    [
      'another’s',
      ['connect', 'two', 'joined'],
      /sharing network namespace with another container/u,
    ],
    ['into the host’s', ['connect', 'host', 'plain'], /connected to host network/u],
    ['out of the host’s', ['disconnect', 'host', 'host'], /disconnected from host network/u],
    ['into none', ['connect', 'none', 'plain'], /private \(none\) mode/u],
    ['an unknown network', ['connect', 'nosuch', 'plain'], /no such network: nosuch/u],
    ['an unknown container', ['connect', 'two', 'nosuch'], /no such container: nosuch/u],
    ['an address of elsewhere', ['connect', '--ip', '9.9.9.9', 'two', 'plain'], /9\.9\.9\.9/u],
    ['an address that is taken', ['connect', '--ip', '10.203.2.1', 'two', 'plain'], /in use/u],
    ['no IPv6', ['connect', '--ip6', 'fd00::5', 'two', 'plain'], /IPv6/u],
    [
      'a name in the default network',
      ['connect', '--alias', 'x', 'bridge', 'plain'],
      /user defined/u,
    ],
  ]
  for (const [title, words, stderr] of rows) {
    const result = await bench.run('network', ...words)
    t.match(result, { stderr }, title)
    t.not(result.exitCode, 0, title)
  }
  t.equal(await interfaces('plain'), 'eth0 via eth0')
  t.strictSame(leasesIn('two'), [])
  await bench.ok('rm', '-f', '-t', '0', 'plain', 'none', 'joined', 'host')
})

t.test('a command that is killed leaves nothing that stays', async (t) => {
  await start('victim', '--network', 'one')
  const container = join(
    bench.root,
    'data/containers',
    String(await bench.inspect('victim', '.Id')),
  )
  const rows = [
    ['connect', 'an address is leased', join(bench.root, 'run/networks/two/leases')],
    ['connect', 'it is written down', join(container, 'state')],
    ['connect', 'it is announced', join(bench.root, 'run/networks/two/names')],
    ['disconnect', 'it is forgotten', container],
  ] as const
  for (const [verb, title, folder] of rows) {
    if (verb === 'disconnect') await bench.ok('network', 'connect', 'two', 'victim')
    const child = startCommand(['network', verb, 'two', 'victim'], { root: bench.root })
    const closed = once(child, 'close')
    const watcher = watch(folder, () => child.kill('SIGKILL'))
    child.stdin.end()
    await closed
    watcher.close()
    await bench.ok('network', 'disconnect', '-f', 'two', 'victim')
    t.equal(await interfaces('victim'), 'eth0 via eth0', `killed when ${title}`)
  }
  await bench.ok('run', '--rm', '--network', 'two', 'host', 'true')
  await bench.ok('ps')
  t.strictSame(leasesIn('two'), [])
  await waitUntil('no cable is left', async () => (await cablesOn('two')) === 0)

  await bench.ok('network', 'connect', 'two', 'victim')
  const monitor = await monitorOf('victim')
  process.kill(monitor, 'SIGKILL')
  await bench.ok('kill', 'victim')
  await bench.ok('rm', '-f', '-t', '0', 'victim')
  t.strictSame(leftovers(bench.root), [])
  await waitUntil(
    'no cable is left',
    async () => (await cablesOn('two')) + (await cablesOn('one')) === 0,
  )
})

async function monitorOf(name: string): Promise<number> {
  const id = String(await bench.inspect(name, '.Id'))
  const path = join(bench.root, 'data/containers', id, 'state/process')
  return Number(/"monitorPid":(\d+)/u.exec(readFileSync(path, 'utf8'))?.[1])
}

t.test('--rm takes along what came later, and the network can go', async (t) => {
  await bench.ok(
    'run',
    '-d',
    '--rm',
    '--name',
    'brief',
    '--network',
    'one',
    'host',
    'sleep',
    '1000',
  )
  await bench.ok('network', 'connect', 'two', 'brief')
  await bench.ok('stop', '-t', '0', 'brief')
  await waitUntil('it is gone', async () => (await bench.run('inspect', 'brief')).exitCode !== 0)
  t.strictSame(leftovers(bench.root), [])
  await bench.ok('network', 'rm', 'one', 'two', 'inner')
})
