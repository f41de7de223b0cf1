import { execFileSync } from 'node:child_process'
import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { commandBench } from './command-line.ts'
import { leftovers } from './leftovers.ts'

// Needs root and ip(8). What networks can be made of, as a user of the command line meets it. A pair of interfaces of
// the test's own is the one that containers share.

t.setTimeout(120_000)
const bench = commandBench(t)
const parent = `mct${process.pid % 100_000}`
const host = '10.205.1.1'

const ip = (...words: string[]): string => execFileSync('ip', words, { encoding: 'utf8' })

t.before(() => {
  ip('link', 'add', parent, 'type', 'veth', 'peer', 'name', `${parent}p`)
  for (const name of [parent, `${parent}p`]) ip('link', 'set', name, 'up')
  ip('address', 'add', `${host}/24`, 'dev', parent)
})
t.teardown(() => ip('link', 'delete', parent))

const create = async (...words: string[]) => bench.run('network', 'create', ...words)
const show = async (network: string, template: string): Promise<unknown> =>
  JSON.parse(await bench.ok('network', 'inspect', '--format', `{{json ${template}}}`, network))

async function addressOf(container: string): Promise<string> {
  return String(await bench.inspect(container, '.NetworkSettings.IPAddress'))
}

/** Whether a container can open a connection to the address: refused is an answer of the kernel at the other end. */
async function reaches(container: string, address: string): Promise<boolean> {
  const probe = `exec 3<>/dev/tcp/${address}/9`
  const { stderr } = await bench.run('exec', container, 'timeout', '2', 'bash', '-c', probe)
  return /refused/iu.test(stderr)
}

t.test('macvlan: an address of its own beside the host’s', async (t) => {
  execFileSync(
    join(import.meta.dirname, '../../bin/myimage'),
    ['from-host', '-t', 'box', 'bash', 'sleep', 'timeout', 'ls', 'cat'],
    { env: { ...process.env, MYCONTAINER_ROOT: bench.root } },
  )
  const words = ['--subnet', '10.205.1.0/24', '--ip-range', '10.205.1.64/28']
  await bench.ok('network', 'create', '-d', 'macvlan', '-o', `parent=${parent}`, ...words, 'lan')
  t.match(await show('lan', '.'), {
    Driver: 'macvlan',
    Options: { parent },
    IPAM: { Config: [{ Subnet: '10.205.1.0/24', IPRange: '10.205.1.64/28', Gateway: host }] },
  })
  for (const name of ['first', 'second'])
    await bench.ok('run', '-d', '--name', name, '--network', 'lan', 'box', 'sleep', '1000')
  t.equal(await addressOf('first'), '10.205.1.64')
  t.equal(await addressOf('second'), '10.205.1.65')
  t.equal(await reaches('first', '10.205.1.65'), true, 'they reach each other')
  t.equal(await reaches('first', host), false, 'and not the host by the interface they share')
  const names = async (container: string): Promise<string[]> =>
    (await bench.ok('exec', container, 'cat', '/etc/hosts'))
      .split('\n')
      .filter((line) => line.endsWith('# of the network lan'))
      .map((line) => line.split(/\s/u).slice(0, 2).join(' '))
  t.strictSame(await names('first'), ['10.205.1.65 second'], 'who came later is told of')
  t.strictSame(await names('second'), ['10.205.1.64 first'])
  t.match(await bench.run('run', '--rm', '-p', '80:80', '--network', 'lan', 'box', 'true'), {
    exitCode: 125,
    stderr: /publish a port/u,
  })

  await bench.ok('network', 'create', '--subnet', '10.205.2.0/24', 'own')
  await bench.ok('network', 'connect', 'own', 'second')
  await bench.ok('network', 'disconnect', 'lan', 'second')
  t.strictSame([await names('first'), await names('second')], [[], []])
  t.equal(await bench.ok('exec', 'second', 'ls', '/sys/class/net'), 'eth1\nlo')
  t.match(await bench.ok('exec', 'second', 'cat', '/proc/net/route'), /^eth1\s+00000000\s/mu)
  await bench.ok('network', 'connect', '--ip', '10.205.1.70', '--alias', 'b', 'lan', 'second')
  t.strictSame(await names('first'), ['10.205.1.70 second'])
  t.strictSame(await names('second'), ['10.205.1.64 first'])
  t.equal(await reaches('first', '10.205.1.70'), true)
  await bench.ok('rm', '-f', '-t', '0', 'first', 'second')
  t.strictSame(leftovers(bench.root), [])
  await bench.ok('network', 'rm', 'lan', 'own')
})

t.test('ipvlan, where the kernel has it', async (t) => {
  const words = ['-d', 'ipvlan', '-o', `parent=${parent}`, '-o', 'mode=l3']
  const made = await create(...words, '--subnet', '10.205.3.0/24', 'routed')
  if (made.exitCode !== 0) return t.match(made.stderr, /modprobe ipvlan/u, 'or says what to load')
  await bench.ok('run', '-d', '--name', 'one', '--network', 'routed', 'box', 'sleep', '1000')
  t.match(
    await bench.ok('exec', 'one', 'cat', '/proc/net/route'),
    /^eth0\s+00000000\s+00000000\s/mu,
  )
  await bench.ok('rm', '-f', '-t', '0', 'one')
  await bench.ok('network', 'rm', 'routed')
  return undefined
})

t.test('none: its containers have their loopback interface alone', async (t) => {
  await bench.ok('network', 'create', '-d', 'none', 'alone')
  t.equal(await show('alone', '.Driver'), 'null')
  const look = ['run', '--rm', '--network', 'alone', 'box', 'ls', '/sys/class/net']
  t.equal(await bench.ok(...look), 'lo')
  await bench.ok('network', 'rm', 'alone')
})

t.test('a bridge with a name, an MTU and ranges of its own', async (t) => {
  const options = ['-o', `com.docker.network.bridge.name=${parent}b`, '-o', 'mtu=1400']
  const range = [
    '--subnet',
    '10.205.4.0/24',
    '--gateway',
    '10.205.4.9',
    '--ip-range',
    '10.205.4.8/30',
  ]
  await bench.ok('network', 'create', ...options, ...range, 'named')
  const words = ['run', '-d', '--network', 'named', '--name']
  for (const name of ['a', 'b', 'c']) await bench.ok(...words, name, 'box', 'sleep', '1000')
  t.strictSame(
    await Promise.all(['a', 'b', 'c'].map(addressOf)),
    ['10.205.4.8', '10.205.4.10', '10.205.4.11'],
    'all of it but the gateway',
  )
  t.match(await bench.run('run', '--rm', '--network', 'named', 'box', 'true'), {
    exitCode: 125,
    stderr: /10\.205\.4\.8\/30/u,
  })
  t.ok(existsSync(`/sys/class/net/${parent}b/bridge`))
  t.equal(await bench.ok('exec', 'a', 'cat', '/sys/class/net/eth0/mtu'), '1400')
  await bench.ok('rm', '-f', '-t', '0', 'a', 'b', 'c')
  await bench.ok(
    'network',
    'create',
    '--subnet',
    '10.205.7.0/29',
    '--subnet',
    '10.205.8.0/24',
    'two',
  )
  const many = ['d', 'e', 'f', 'g', 'h', 'i']
  for (const name of many)
    await bench.ok('run', '-d', '--network', 'two', '--name', name, 'box', 'sleep', '1000')
  t.equal(await addressOf('h'), '10.205.7.6')
  t.equal(await addressOf('i'), '10.205.8.2', 'of the next range when the first is full')
  t.equal(await reaches('i', '10.205.7.6'), true)
  t.match(await bench.ok('exec', 'i', 'cat', '/etc/resolv.conf'), 'nameserver 10.205.8.1')
  await bench.ok('rm', '-f', '-t', '0', ...many)
  await bench.ok('network', 'rm', 'two')
  await bench.ok('network', 'rm', 'named')
  t.notOk(existsSync(`/sys/class/net/${parent}b`))
})

t.test('what cannot be is refused and leaves nothing', async (t) => {
  const rows: readonly (readonly [string, readonly string[], RegExp])[] = [
    ['an unknown driver', ['-d', 'overlay'], /could not find plugin overlay/u],
    ['an unknown option', ['-o', 'color=red'], /option color/u],
    ['an option of another driver', ['-o', 'parent=eth0'], /option parent/u],
    ['an unknown mode', ['-d', 'macvlan', '-o', 'mode=l2'], /macvlan mode 'l2' is not valid/u],
    ['an unknown interface', ['-d', 'macvlan', '-o', 'parent=nosuch0'], /nosuch0/u],
    ['an interface that has no children', ['-d', 'macvlan', '-o', 'parent=lo'], /of lo/u],
    ['addresses for nobody', ['-d', 'none', '--subnet', '10.205.5.0/24'], /driver none/u],
    [
      'the same range twice',
      ['--subnet', '10.205.5.0/24', '--subnet', '10.205.5.0/25'],
      /10\.205\.5\.0/u,
    ],
    ['a gateway of nothing', ['--gateway', '10.205.5.1'], /no matching subnet for --gateway/u],
    [
      'a gateway of elsewhere',
      ['--subnet', '10.205.5.0/24', '--gateway', '10.9.9.9'],
      /10\.9\.9\.9/u,
    ],
    [
      'a part of elsewhere',
      ['--subnet', '10.205.5.0/24', '--ip-range', '10.9.9.0/28'],
      /10\.9\.9\.0/u,
    ],
    [
      'a bridge that is there',
      ['-o', `com.docker.network.bridge.name=${parent}`],
      /choose another/u,
    ],
    ['a name no interface has', ['-o', 'com.docker.network.bridge.name=a/b'], /15 characters/u],
  ]
  for (const [title, words, stderr] of rows) {
    const result = await create(...words, 'bad')
    t.match(result, { stderr }, title)
    t.not(result.exitCode, 0, title)
  }
  t.notOk(readdirSync(join(bench.root, 'data/networks')).includes('bad.json'))
})
