import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { createServer } from 'node:net'
import t from 'tap'
import { ensureNetwork } from '../../runtime/network/bridge.ts'
import { destroyNetwork } from '../../runtime/network/destroy-network.ts'
import { createNetwork, requireNetwork } from '../../runtime/network/network-store.ts'
import { leasePorts } from '../../runtime/network/port-lease.ts'
import { inNewNetworkNamespace } from './network/in-new-namespace.ts'
import { newFolders, startNetworked } from './network/start-networked.ts'
import { startStandIn } from './network/stand-in-container.ts'
import type { StandIn } from './network/stand-in-container.ts'

const curl = ['-s', '-g', '--max-time', '1'] as const

function fetchFromHost(url: string): string {
  try {
    return execFileSync('curl', [...curl, url], { encoding: 'utf8' })
  } catch {
    return 'no answer'
  }
}

function fetchFrom(standIn: StandIn, url: string): string {
  try {
    return standIn.run('curl', ...curl, url)
  } catch {
    return 'no answer'
  }
}

const ip = (...args: string[]): string => execFileSync('ip', args, { encoding: 'utf8' })
const pairs = (): string[] => ip('link').match(/mcv[^@]+/g) ?? []
const ruleset = (): string => execFileSync('nft', ['list', 'ruleset'], { encoding: 'utf8' })

/** A second machine, on a wire of its own to this one: 192.0.2.1 here, 192.0.2.2 there. */
async function startNeighbour(t: Tap): Promise<StandIn> {
  const neighbour = await startStandIn()
  t.teardown(() => neighbour.end())
  ip(
    'link',
    'add',
    'wire0',
    'type',
    'veth',
    'peer',
    'name',
    'wire1',
    'netns',
    String(neighbour.pid),
  )
  t.teardown(() => ip('link', 'delete', 'wire0'))
  ip('addr', 'add', '192.0.2.1/24', 'dev', 'wire0')
  ip('link', 'set', 'wire0', 'up')
  neighbour.run('ip', 'link', 'set', 'lo', 'up')
  neighbour.run('ip', 'addr', 'add', '192.0.2.2/24', 'dev', 'wire1')
  neighbour.run('ip', 'link', 'set', 'wire1', 'up')
  return neighbour
}

type Tap = Parameters<typeof newFolders>[0]

function scenarios(): void {
  ip('link', 'set', 'lo', 'up')

  t.test('a published port answers wherever it should, and nowhere else', async (t) => {
    const folders = newFolders(t)
    const network = requireNetwork(folders, 'bridge')
    const web = await startNetworked(t, folders, network, ['8080:80', '127.0.0.1:8081:80'])
    await web.serve(80)
    const other = await startNetworked(t, folders, network)
    const neighbour = await startNeighbour(t)
    const gateway = '::ffff:10.88.0.1'

    t.equal(web.lease.ipv4.address, '10.88.0.2')
    t.equal(fetchFromHost('http://10.88.0.2/'), gateway, 'the container itself')
    t.equal(fetchFromHost('http://127.0.0.1:8080/'), gateway, 'localhost')
    t.equal(fetchFromHost('http://localhost:8080/'), gateway, 'localhost by name')
    t.equal(fetchFromHost('http://127.0.0.1:8081/'), gateway, 'a port on localhost only')
    t.equal(fetchFromHost('http://192.0.2.1:8080/'), '::ffff:192.0.2.1', 'an address of the host')
    t.equal(fetchFromHost('http://192.0.2.1:8081/'), 'no answer')
    t.equal(fetchFrom(neighbour, 'http://192.0.2.1:8080/'), '::ffff:192.0.2.2', 'CVE-2021-20199')
    t.equal(fetchFrom(neighbour, 'http://192.0.2.1:8081/'), 'no answer')
    t.equal(fetchFrom(other, 'http://10.88.0.2/'), '::ffff:10.88.0.3', 'container to container')
    t.equal(fetchFrom(other, 'http://10.88.0.1:8080/'), gateway, 'container to the published port')
    t.equal(fetchFrom(other, 'http://192.0.2.1:8080/'), gateway, 'by the address of the host')
    t.equal(fetchFrom(web, 'http://192.0.2.1:8080/'), gateway, 'a container to itself')

    neighbour.run('ip', 'route', 'add', '10.88.0.0/16', 'via', '192.0.2.1')
    t.equal(
      fetchFrom(neighbour, 'http://10.88.0.2/'),
      'no answer',
      'no way round the published port',
    )
    neighbour.run('sysctl', '-qw', 'net.ipv4.conf.all.route_localnet=1')
    neighbour.run('ip', 'addr', 'del', '127.0.0.1/8', 'dev', 'lo')
    neighbour.run('ip', 'route', 'add', '127.0.0.0/8', 'via', '192.0.2.1')
    t.equal(fetchFrom(neighbour, 'http://127.0.0.1:8081/'), 'no answer', 'CVE-2020-8558')

    await neighbour.serve(90)
    t.equal(fetchFrom(web, 'http://192.0.2.2:90/'), '::ffff:192.0.2.1', 'out, by masquerade')
  })

  t.test('what a container leaves when it has ended: nothing', async (t) => {
    const folders = newFolders(t)
    const network = requireNetwork(folders, 'bridge')
    const before = ruleset()
    t.notMatch(before, 'mycontainer')
    ensureNetwork(folders, network)
    const idle = ruleset()
    // Those of tests before may linger: a TCP connection that ends keeps its namespace.
    const others = new Set(pairs())
    const web = await startNetworked(t, folders, network, ['8000-8009:80-89', '53:53/udp', '90'])
    t.not(ruleset(), idle)
    await web.cleanUp()
    t.equal(ruleset(), idle)
    for (const file of web.attachment.leases) t.notOk(existsSync(file), file)
    while (pairs().some((name) => !others.has(name))) await new Promise(setImmediate)
    t.pass('the pair of interfaces went with the namespace')
  })

  t.test('datagrams', async (t) => {
    const folders = newFolders(t)
    const network = requireNetwork(folders, 'bridge')
    const echo = await startNetworked(t, folders, network, ['5353:53/udp'])
    await echo.serve(53, 'udp')
    const answer = execFileSync('bash', [
      '-c',
      'exec 3<>/dev/udp/127.0.0.1/5353; echo x >&3; timeout 3 head -c 16 <&3',
    ])
    t.equal(answer.toString(), '::ffff:10.88.0.1')
  })

  t.test('a flushed firewall and a lost bridge come back with the next command', async (t) => {
    const folders = newFolders(t)
    const network = requireNetwork(folders, 'bridge')
    const web = await startNetworked(t, folders, network, ['8080:80'])
    await web.serve(80)
    const intact = ruleset()
    for (const damage of [
      ['flush', 'ruleset'],
      ['flush', 'table', 'inet', tableOf(intact)],
      ['flush', 'map', 'inet', tableOf(intact), 'any4'],
      ['flush', 'set', 'inet', tableOf(intact), 'bridges'],
      ['delete', 'element', 'inet', tableOf(intact), 'subnets4', '{ 10.88.0.0/16 }'],
    ]) {
      execFileSync('nft', damage)
      t.not(ruleset(), intact, damage.join(' '))
      ensureNetwork(folders, network)
      t.equal(ruleset(), intact, `repaired: ${damage.join(' ')}`)
    }
    t.equal(fetchFromHost('http://127.0.0.1:8080/'), '::ffff:10.88.0.1')
    ip('addr', 'flush', 'dev', 'mc0')
    ip('link', 'set', 'mc0', 'down')
    ensureNetwork(folders, network)
    t.equal(fetchFromHost('http://127.0.0.1:8080/'), '::ffff:10.88.0.1')
    await web.cleanUp()
    ip('link', 'delete', 'mc0')
    ensureNetwork(folders, network)
    t.match(ip('addr', 'show', 'mc0'), '10.88.0.1/16')
  })

  t.test('elements nobody owns are taken out', async (t) => {
    const folders = newFolders(t)
    const network = requireNetwork(folders, 'bridge')
    ensureNetwork(folders, network)
    const clean = ruleset()
    const element = '{ tcp . 9999 : 10.88.0.9 . 1 }'
    execFileSync('nft', ['add', 'element', 'inet', tableOf(clean), 'any4', element])
    ensureNetwork(folders, network)
    t.equal(ruleset(), clean)
  })

  t.test('networks do not see each other; an internal one sees nobody', async (t) => {
    const folders = newFolders(t)
    const one = createNetwork(folders, { name: 'one' })
    const two = createNetwork(folders, { name: 'two' })
    const closed = createNetwork(folders, { name: 'closed', internal: true })
    const neighbour = await startNeighbour(t)
    await neighbour.serve(90)
    const a = await startNetworked(t, folders, one)
    await a.serve(80)
    const b = await startNetworked(t, folders, two, ['8080:80'])
    await b.serve(80)
    const c = await startNetworked(t, folders, closed)
    await c.serve(80)
    const d = await startNetworked(t, folders, closed)
    const url = ({ lease }: typeof a): string => `http://${lease.ipv4.address}/`
    t.equal(fetchFrom(b, url(a)), 'no answer')
    t.equal(fetchFrom(a, url(b)), 'no answer')
    t.not(fetchFrom(a, 'http://192.0.2.1:8080/'), 'no answer', 'but a published port is for all')
    t.not(fetchFrom(a, 'http://192.0.2.2:90/'), 'no answer')
    t.equal(fetchFrom(c, 'http://192.0.2.2:90/'), 'no answer')
    t.equal(fetchFrom(c, url(a)), 'no answer')
    t.equal(fetchFrom(a, url(c)), 'no answer')
    t.equal(fetchFrom(d, url(c)), `::ffff:${d.lease.ipv4.address}`)
  })

  t.test('IPv6 where the network has it', async (t) => {
    const folders = newFolders(t)
    const network = createNetwork(folders, { name: 'six', ipv6: { subnet: 'fd00:88::/64' } })
    const web = await startNetworked(t, folders, network, ['8080:80', '[::]:8081:80'])
    await web.serve(80)
    const other = await startNetworked(t, folders, network)
    t.equal(fetchFrom(other, 'http://[fd00:88::2]/'), 'fd00:88::3')
    t.equal(fetchFrom(other, 'http://[fd00:88::1]:8081/'), 'fd00:88::1')
    t.equal(fetchFromHost('http://[fd00:88::1]:8080/'), 'fd00:88::1')
    t.equal(fetchFromHost('http://localhost:8080/'), `::ffff:${network.ipv4.gateway}`)
  })

  t.test('a port that somebody has', async (t) => {
    const folders = newFolders(t)
    const network = requireNetwork(folders, 'bridge')
    const web = await startNetworked(t, folders, network, ['8080:80'])
    const wish = { containerId: 'b', ipv4: '10.88.0.9', exposed: [], isHolding: () => true }
    for (const spec of ['8080:80', '127.0.0.1:8080:80', '8080-8080:80'])
      t.throws(() => leasePorts(folders, { ...wish, publish: [spec] }), {
        code: 'ALREADY_EXISTS',
        detail: { port: 8080, container: web.id.slice(0, 12) },
      })
    t.doesNotThrow(() => leasePorts(folders, { ...wish, publish: ['8080:80/udp', '8081:80'] }))
    const server = createServer().listen(8090, '127.0.0.1')
    t.teardown(() => server.close())
    await once(server, 'listening')
    t.throws(() => leasePorts(folders, { ...wish, publish: ['8091:1', '8090:80'] }), {
      code: 'ALREADY_EXISTS',
      detail: { port: 8090 },
    })
    const [free] = leasePorts(folders, { ...wish, publish: ['8090-8099:80'] }).bindings
    t.equal(free?.hostPort, 8091, 'given back by the wish that failed')
    t.throws(() => leasePorts(folders, { ...wish, publish: ['198.51.100.7:1:1'] }), {
      code: 'INVALID_ARGUMENT',
    })
    const stale = { ...wish, containerId: 'c', isHolding: () => false }
    t.equal(leasePorts(folders, { ...stale, publish: ['8080:80'] }).bindings.length, 1)
    const [random] = leasePorts(folders, { ...wish, publish: ['80'] }).bindings
    t.ok(random && random.hostPort >= 1024)
  })

  t.test('two engines on one machine leave each other alone', async (t) => {
    const first = newFolders(t)
    const second = newFolders(t)
    ensureNetwork(first, requireNetwork(first, 'bridge'))
    const network = requireNetwork(second, 'bridge')
    t.match(network, { bridge: /^mc-/, ipv4: { subnet: '10.89.0.0/16' } })
    ensureNetwork(second, network)
    t.equal(ruleset().match(/^table inet mycontainer-/gm)?.length, 2)
  })

  t.test('a firewall that drops what it does not know is pointed out', async (t) => {
    const folders = newFolders(t)
    const chain =
      'add table ip other; add chain ip other FWD { type filter hook forward priority 0; policy drop; }'
    execFileSync('nft', [chain])
    t.teardown(() => execFileSync('nft', ['delete table ip other']))
    const { warnings } = ensureNetwork(folders, requireNetwork(folders, 'bridge'))
    t.equal(warnings.length, 1)
    t.match(warnings[0], 'FWD')
  })

  t.test('a network is removed with all it has, but not while it is used', async (t) => {
    const folders = newFolders(t)
    ensureNetwork(folders, requireNetwork(folders, 'bridge'))
    const before = ruleset()
    const network = createNetwork(folders, { name: 'gone' })
    const web = await startNetworked(t, folders, network, ['8080:80'])
    t.throws(() => destroyNetwork(folders, 'gone', () => true), {
      code: 'BAD_STATE',
      detail: { containers: web.id.slice(0, 12) },
    })
    await web.cleanUp()
    destroyNetwork(folders, network.id.slice(0, 8), () => true)
    t.equal(ruleset(), before)
    t.notMatch(ip('link'), network.bridge)
    t.throws(() => requireNetwork(folders, 'gone'), { code: 'NOT_FOUND' })
    t.throws(() => destroyNetwork(folders, 'podman', () => true), { code: 'INVALID_ARGUMENT' })
    t.throws(() => createNetwork(folders, { name: 'x', subnet: '10.88.4.0/24' }), {
      code: 'ALREADY_EXISTS',
    })
  })

  t.test('a bridge of somebody else is not taken', async (t) => {
    const folders = newFolders(t)
    const network = requireNetwork(folders, 'bridge')
    ip('link', 'add', network.bridge, 'type', 'veth')
    t.teardown(() => ip('link', 'delete', network.bridge))
    t.throws(() => ensureNetwork(folders, network), { code: 'ALREADY_EXISTS' })
  })

  t.test('commands at the same time', async (t) => {
    const folders = newFolders(t)
    const source = `
      import { ensureNetwork } from ${JSON.stringify(new URL('../../runtime/network/bridge.ts', import.meta.url).pathname)}
      import { requireNetwork } from ${JSON.stringify(new URL('../../runtime/network/network-store.ts', import.meta.url).pathname)}
      const folders = ${JSON.stringify(folders)}
      ensureNetwork(folders, requireNetwork(folders, 'bridge'))`
    const codes = await Promise.all(
      Array.from({ length: 6 }, async () => {
        const args = ['--input-type=module', '-e', source]
        const child = spawn(process.execPath, args, { stdio: 'inherit' })
        const [code] = (await once(child, 'close')) as [number]
        return code
      }),
    )
    t.same(codes, [0, 0, 0, 0, 0, 0])
    t.equal(ip('-o', 'link', 'show', 'type', 'bridge').trim().split('\n').length, 1)
  })
}

function tableOf(rules: string): string {
  return /^table inet (mycontainer-\w+)/m.exec(rules)?.[1] ?? ''
}

if (inNewNetworkNamespace(import.meta.filename)) scenarios()
