import { execFile, execFileSync, spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import t from 'tap'
import type { KubeObject } from '../../orchestrator/api/object.ts'
import type { Order } from './services-process.ts'

// Two nodes on one segment with pods of each, and a client outside of them: all of them network namespaces.

const tag = `ms${process.pid}`
const call = promisify(execFile)
const node = (number: number): string => `${tag}n${number}`
const pod = (number: number, at: number): string => `${tag}p${number}${at}`
const outside = `${tag}out`
const podAddress = (number: number, at: number): string => `10.244.${number}.${at + 1}`
const nodeAddress = (number: number): string => `10.199.1.${number}`
const folder = mkdtempSync(join(tmpdir(), 'services-test-'))
const children: ChildProcess[] = []

const ip = (words: string): string => execFileSync('ip', words.split(' '), { encoding: 'utf8' })
const inside = async (space: string, ...words: string[]): Promise<string> =>
  (await call('ip', ['netns', 'exec', space, ...words], { timeout: 20_000 })).stdout

function makeSpace(name: string): void {
  ip(`netns add ${name}`)
  ip(`-n ${name} link set lo up`)
}

function plug(space: string, address: string): void {
  ip(`link add eth0 netns ${space} type veth peer name ${space} netns ${outside}`)
  ip(`-n ${outside} link set ${space} master segment up`)
  ip(`-n ${space} address add ${address}/24 dev eth0`)
  ip(`-n ${space} link set eth0 up`)
}

/** As pods have it: an address alone, everything by way of the node. */
function makePod(number: number, at: number): void {
  const space = pod(number, at)
  makeSpace(space)
  ip(`link add eth0 netns ${space} type veth peer name pod${at} netns ${node(number)}`)
  ip(`-n ${node(number)} link set pod${at} master pods up`)
  ip(`-n ${space} address add ${podAddress(number, at)}/32 dev eth0`)
  ip(`-n ${space} link set eth0 up`)
  ip(`-n ${space} route add default via 10.244.${number}.1 dev eth0 onlink`)
  const home = join(folder, space, 'cgi-bin')
  mkdirSync(home, { recursive: true })
  const script = `#!/bin/sh\nprintf 'Content-Type: text/plain\\r\\n\\r\\n%s %s' p${number}${at} "$REMOTE_ADDR"\n`
  writeFileSync(join(home, 'who'), script)
  chmodSync(join(home, 'who'), 0o755)
  const web = ['busybox', 'httpd', '-f', '-p', '0.0.0.0:8080', '-h', join(folder, space)]
  children.push(spawn('ip', ['netns', 'exec', space, ...web], { stdio: 'ignore' }))
}

async function makeNode(number: number): Promise<void> {
  const space = node(number)
  makeSpace(space)
  plug(space, nodeAddress(number))
  ip(`-n ${space} route add default via ${nodeAddress(9)}`)
  ip(`-n ${space} link add pods type bridge`)
  ip(`-n ${space} address add 10.244.${number}.1/24 dev pods`)
  ip(`-n ${space} link set pods up`)
  ip(`-n ${space} route add 10.244.${3 - number}.0/24 via ${nodeAddress(3 - number)}`)
  await inside(
    space,
    'sysctl',
    '-qw',
    'net.ipv4.ip_forward=1',
    'net.ipv4.conf.all.send_redirects=0',
    'net.ipv4.conf.pods.send_redirects=0',
  )
  // Where it exists it would hide what goes past the node.
  await inside(space, 'sysctl', '-qwe', 'net.bridge.bridge-nf-call-iptables=0')
  for (const at of [1, 2]) makePod(number, at)
}

type Tell = (order: Order) => Promise<unknown>

function startNode(number: number): Tell {
  const program = join(import.meta.dirname, 'services-process.ts')
  const words = ['netns', 'exec', node(number), process.execPath, program]
  const child = spawn('ip', words, { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] })
  children.push(child)
  const waiting = new Map<number, PromiseWithResolvers<unknown>>()
  child.on('message', (answer: { id: number; result?: unknown; error?: string }) => {
    const asked = waiting.get(answer.id)
    if (answer.error === undefined) asked?.resolve(answer.result)
    else asked?.reject(new Error(answer.error))
  })
  return (order) => {
    const asked = Promise.withResolvers<unknown>()
    waiting.set(waiting.size, asked)
    child.send({ id: waiting.size - 1, order })
    return asked.promise
  }
}

t.teardown(async () => {
  for (const child of children)
    if (child.exitCode === null && child.signalCode === null) {
      const ended = new Promise((resolve) => child.once('exit', resolve))
      child.kill()
      await ended
    }
  const spaces = ip('netns list')
    .split('\n')
    .flatMap((line) => line.split(' ')[0] ?? [])
  for (const space of spaces) if (space.startsWith(tag)) ip(`netns delete ${space}`)
  rmSync(folder, { recursive: true, force: true })
})

makeSpace(outside)
ip(`-n ${outside} link add segment type bridge`)
ip(`-n ${outside} address add ${nodeAddress(9)}/24 dev segment`)
ip(`-n ${outside} link set segment up`)

const sliceKind = { apiVersion: 'discovery.k8s.io/v1', kind: 'EndpointSlice' }
const serviceKind = { apiVersion: 'v1', kind: 'Service' }
const all = [1, 2].flatMap((number) => [1, 2].map((at) => [number, at] as const))

function service(name: string, spec: object): KubeObject {
  const ports = [{ name: 'http', port: 80, targetPort: 8080 }]
  const metadata = { name, namespace: 'default' }
  return { ...serviceKind, metadata, spec: { ports, ...spec } }
}

function endpoints(pods: readonly (readonly [number, number])[], conditions: object = {}) {
  return pods.map(([number, at]) => ({
    addresses: [podAddress(number, at)],
    nodeName: `node${number}`,
    conditions: { ready: true, ...conditions } as Record<string, boolean>,
  }))
}

function slice(name: string, pods: readonly (readonly [number, number])[]): KubeObject {
  return {
    ...sliceKind,
    metadata: { name, namespace: 'default', labels: { 'kubernetes.io/service-name': name } },
    addressType: 'IPv4',
    ports: [{ name: 'http', port: 8080, protocol: 'TCP' }],
    endpoints: endpoints(pods),
  }
}

const get = async (space: string, host: string): Promise<string> =>
  inside(space, 'curl', '-s', '-m', '2', `http://${host}/cgi-bin/who`)

/** Ask until the answer is as wanted: rules follow the API within milliseconds. */
async function until(ask: () => Promise<string>, isSo: (answer: string) => boolean) {
  const deadline = Date.now() + 15_000
  for (;;) {
    const answer = await ask().catch((error: { code?: number }) => `failed ${error.code}`)
    if (isSo(answer)) return answer
    if (Date.now() > deadline) throw new Error(`still ${answer}`)
  }
}

async function names(space: string, host: string, count = 16): Promise<Set<string>> {
  const answers = []
  for (let at = 0; at < count; at++) answers.push(await get(space, host))
  return new Set(answers)
}

t.test('services of two nodes', async (t) => {
  await Promise.all([1, 2].map(makeNode))
  const [one, two] = [startNode(1), startNode(2)]
  const config = (await one({ serve: nodeAddress(1) })) as string
  await two({ connect: config })
  for (const [number, tell] of [one, two].entries())
    await tell({ start: { nodeName: `node${number + 1}`, podCidr: `10.244.${number + 1}.0/24` } })
  const create = async (
    name: string,
    spec: object,
    pods: readonly (readonly [number, number])[],
  ) => {
    await one({ create: service(name, spec) })
    await one({ create: slice(name, pods) })
  }
  const setEndpoints = (name: string, list: ReturnType<typeof endpoints>) =>
    one({ merge: { ...sliceKind, name, namespace: 'default', body: { endpoints: list } } })

  await t.test('an address leads to every pod, and pods see who asks', async (t) => {
    await create(
      'web',
      {
        clusterIP: '10.96.1.1',
        type: 'NodePort',
        ports: [{ name: 'http', port: 80, targetPort: 8080, nodePort: 30_080 }],
      },
      all,
    )
    await until(
      () => get(pod(1, 1), '10.96.1.1'),
      (answer) => answer.startsWith('p'),
    )
    const seen = await names(pod(1, 1), '10.96.1.1', 40)
    const own = podAddress(1, 1)
    t.ok(seen.has(`p12 ${own}`), 'the pod next door')
    t.ok(seen.has(`p21 ${own}`), 'a pod of the other node')
    t.ok(seen.has('p11 10.244.1.1'), 'itself, by way of its node')
    t.match(await get(node(1), '10.96.1.1'), /^p/, 'the node itself')
  })

  await t.test('a port of every node', async (t) => {
    for (const number of [1, 2]) {
      const ask = (): Promise<string> => get(outside, `${nodeAddress(number)}:30080`)
      t.match(await until(ask, (answer) => answer.startsWith('p')), /^p/)
    }
    t.match(await get(pod(1, 2), `${nodeAddress(2)}:30080`), /^p/, 'from a pod')
  })

  await t.test(
    'only pods of the node that was asked, and the client keeps its address',
    async (t) => {
      await create(
        'near',
        {
          clusterIP: '10.96.1.2',
          type: 'LoadBalancer',
          externalTrafficPolicy: 'Local',
          externalIPs: ['10.199.1.77'],
          ports: [{ name: 'http', port: 80, targetPort: 8080, nodePort: 30_081 }],
        },
        [[1, 2]],
      )
      const host = `${nodeAddress(1)}:30081`
      const wanted = `p12 ${nodeAddress(9)}`
      t.equal(
        await until(
          () => get(outside, host),
          (answer) => answer === wanted,
        ),
        wanted,
      )
      t.match(await names(node(1), '10.96.1.2', 2), new Set([/^p12/]))
      const silent = get(outside, `${nodeAddress(2)}:30081`)
      await t.rejects(silent, { code: 28 }, 'the other node does not answer')
      t.match(await get(pod(2, 1), `${nodeAddress(2)}:30081`), /^p12 /, 'pods are sent on')
      t.equal(await get(pod(2, 1), '10.199.1.77'), `p12 ${podAddress(2, 1)}`, 'an external address')
    },
  )

  await t.test('a pod that is alone behind a service reaches itself', async (t) => {
    await create('self', { clusterIP: '10.96.1.3' }, [[1, 1]])
    await until(
      () => get(pod(1, 1), '10.96.1.3'),
      (answer) => answer === 'p11 10.244.1.1',
    )
    t.pass()
  })

  await t.test('clients come back to the same pod, until it goes', async (t) => {
    await create('sticky', { clusterIP: '10.96.1.4', sessionAffinity: 'ClientIP' }, all)
    await until(
      () => get(pod(1, 1), '10.96.1.4'),
      (answer) => answer.startsWith('p'),
    )
    const seen = await names(pod(1, 1), '10.96.1.4', 10)
    t.equal(seen.size, 1)
    const left = all.filter(([number, at]) => ![...seen][0]?.startsWith(`p${number}${at}`))
    await setEndpoints('sticky', endpoints(left))
    await until(
      () => get(pod(1, 1), '10.96.1.4'),
      (answer) => !seen.has(answer) && answer.startsWith('p'),
    )
    t.equal((await names(pod(1, 1), '10.96.1.4', 10)).size, 1)
  })

  await t.test('nobody there: refused at once; those that go serve to the last', async (t) => {
    await one({ create: service('none', { clusterIP: '10.96.1.5' }) })
    await until(
      () => get(pod(1, 1), '10.96.1.5'),
      (answer) => answer === 'failed 7',
    )
    await until(
      () => get(node(2), '10.96.1.5'),
      (answer) => answer === 'failed 7',
    )
    await one({ create: slice('none', []) })
    await setEndpoints(
      'none',
      endpoints([[2, 2]], { ready: false, serving: true, terminating: true }),
    )
    await until(
      () => get(pod(1, 1), '10.96.1.5'),
      (answer) => answer.startsWith('p22'),
    )
    await setEndpoints(
      'none',
      endpoints([[2, 2]], { ready: false, serving: false, terminating: true }),
    )
    await until(
      () => get(pod(1, 1), '10.96.1.5'),
      (answer) => answer === 'failed 7',
    )
    t.pass()
  })

  await t.test('names', async (t) => {
    const ask = async (name: string): Promise<string> =>
      inside(pod(2, 2), 'busybox', 'nslookup', name, '10.96.0.10')
    t.match(await ask('web.default.svc.cluster.local'), /Address: 10\.96\.1\.1\n/)
    t.match(await ask('kubernetes.default.svc.cluster.local'), /Address: 10\.96\.0\.1\n/)
    const unknown = ask('nobody.default.svc.cluster.local')
    const said = await unknown.catch((error: { stdout?: string }) => error.stdout ?? '')
    t.match(said, /NXDOMAIN/)
  })

  await t.test('the server is a service too', async (t) => {
    const url = 'https://10.96.0.1/version'
    t.match(await inside(pod(2, 1), 'curl', '-sk', '-m', '5', url), /gitVersion/)
  })

  await t.test('nothing changes without a reason, and damage is repaired', async (t) => {
    const before = await two({ transactions: true })
    await one({
      merge: {
        ...serviceKind,
        name: 'web',
        namespace: 'default',
        body: { metadata: { labels: { a: 'b' } } },
      },
    })
    await create('last', { clusterIP: '10.96.1.6' }, [[2, 1]])
    await until(
      () => get(pod(2, 2), '10.96.1.6'),
      (answer) => answer.startsWith('p21'),
    )
    const changed = Number(await two({ transactions: true })) - Number(before)
    t.ok(changed <= 2, 'a label is no change')
    t.match(await inside(node(2), 'nft', 'list', 'ruleset'), /service-default\/last\/tcp\/80/)
    await inside(node(2), 'nft', 'flush', 'ruleset')
    await until(
      () => get(pod(2, 2), '10.96.1.6'),
      (answer) => answer.startsWith('p21'),
    )
  })

  await t.test(
    'a process that comes back finds all as it was, and leaves nothing when told',
    async (t) => {
      const list = (): Promise<string> => inside(node(1), 'nft', 'list', 'ruleset')
      // Clients that were sent to a backend are not known to the next process.
      await one({ delete: { ...serviceKind, name: 'sticky', namespace: 'default' } })
      await until(list, (rules) => !rules.includes('default/sticky'))
      const before = await list()
      await one({ restart: true })
      t.equal(sorted(await list()), sorted(before))
      t.match(await get(pod(1, 1), '10.96.1.1'), /^p/)
      for (const name of ['web', 'near', 'self', 'none', 'last'])
        await one({ delete: { ...serviceKind, name, namespace: 'default' } })
      await until(
        list,
        (rules) => !rules.includes('default/web') && !rules.includes('default/last'),
      )
      for (const tell of [two, one]) {
        await tell({ end: true })
        await tell({ remove: true })
      }
      t.equal((await list()).trim(), '')
      t.notMatch(await inside(node(1), 'ip', 'address'), /10\.96\.0\.10/)
    },
  )
})

/** The kernel lists elements as it likes. */
function sorted(rules: string): string {
  return rules
    .replaceAll(/expires \S+/g, '')
    .split(/[\n,{}]+/)
    .map((line) => line.trim())
    .toSorted()
    .join('\n')
}
