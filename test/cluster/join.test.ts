import { execFileSync, spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { watch } from 'node:fs/promises'
import { join } from 'node:path'
import t from 'tap'
import { shimPath } from '../../native/paths.ts'
import { readNodeCredentials } from '../../orchestrator/cluster/node-credentials.ts'
import type { NodeCredentials } from '../../orchestrator/cluster/node-credentials.ts'
import { makeCertificateRequest } from '../../orchestrator/join/make-certificate-request.ts'
import { renewalTime } from '../../orchestrator/join/renewal.ts'
import { signRequest } from '../../orchestrator/server/certificates.ts'
import type { KeyPair } from '../../orchestrator/server/certificates.ts'
import { makeLocalCluster } from './local-cluster.ts'
import type { LocalCluster } from './local-cluster.ts'

const project = join(import.meta.dirname, '../..')
const machine = `mj${process.pid}`

const ip = (...words: string[]): void => void execFileSync('ip', words)

/** A machine beside the cluster's own: a network namespace on its segment. @returns its address */
function makeMachine(cluster: LocalCluster): string {
  const path = join(cluster.env['MYORCH_ROOT'] ?? '', 'clusters', cluster.name, 'cluster.json')
  const { bridge, subnet } = JSON.parse(readFileSync(path, 'utf8')) as Record<string, string>
  const network = subnet?.split('.').slice(0, 3).join('.')
  ip('netns', 'add', machine)
  ip('link', 'add', `${machine}a`, 'type', 'veth', 'peer', 'name', 'eth0', 'netns', machine)
  ip('link', 'set', `${machine}a`, 'master', bridge ?? '', 'up')
  ip('-n', machine, 'address', 'add', `${network}.200/24`, 'dev', 'eth0')
  for (const name of ['lo', 'eth0']) ip('-n', machine, 'link', 'set', name, 'up')
  return `${network}.200`
}

function endedToken(id: string): object {
  return {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { name: `bootstrap-token-${id}`, namespace: 'kube-system' },
    type: 'bootstrap.kubernetes.io/token',
    stringData: {
      'token-id': id,
      'token-secret': '0'.repeat(16),
      expiration: new Date(Date.now() - 60_000).toISOString(),
      'usage-bootstrap-authentication': 'true',
      'usage-bootstrap-signing': 'true',
    },
  }
}

/** Of the same node, by the same authority; to be renewed five seconds from now. */
async function shortCredentials(
  server: string,
  file: string,
  address: string,
): Promise<NodeCredentials> {
  const { authority } = readNodeCredentials(file)
  const key = readFileSync(join(server, 'pki/ca.key'), 'utf8')
  const day = 24 * 60 * 60 * 1000
  // They begin a day ago, and a fifth of their time is left.
  const lifetimeMs = (day + 5_000) / 0.8 - day
  const make = async (usage: 'client' | 'server', hosts: readonly string[]): Promise<KeyPair> => {
    const asked = await makeCertificateRequest('system:node:joined', 'system:nodes', hosts)
    const signer = { certificate: authority, key }
    const certificate = await signRequest(signer, asked.request, { usage, lifetimeMs })
    return { certificate, key: asked.key }
  }
  const client = await make('client', [])
  return { authority, client, serving: await make('server', ['joined', address]) }
}

/** @returns what is in the file once it is not the given */
async function untilChanged(file: string, old: NodeCredentials): Promise<NodeCredentials> {
  const signal = AbortSignal.timeout(40_000)
  const changes = watch(join(file, '..'), { signal })
  let found = readNodeCredentials(file)
  for await (const _ of changes) {
    found = readNodeCredentials(file)
    if (found.client.certificate !== old.client.certificate) break
  }
  return found
}

t.test('a machine joins with a token, and stays a node without it', async (t) => {
  const cluster = await makeLocalCluster(t, 1)
  const { own, ok, folder, env } = cluster
  const running: ChildProcess[] = []
  const stop = async (): Promise<void> => {
    const child = running.pop()
    if (!child || child.exitCode !== null) return
    const ended = once(child, 'exit')
    child.kill('SIGTERM')
    await ended
  }
  t.teardown(async () => {
    await stop()
    execFileSync('ip', ['netns', 'delete', machine])
  })
  const address = makeMachine(cluster)
  const made = await own('myorch', 'token', 'create', '--ttl', '10m')
  t.match(
    made.stdout,
    /^myorch node join https:\S+ --token \w{6}\.\w{16} --ca-hash sha256:\w{64}\n$/,
  )
  const [, ...words] = made.stdout.trim().split(' ')
  const token = words[4] ?? ''
  const root = join(folder, 'joined')
  const start = (): void => {
    const flags = ['--name', 'joined', '--root', root, '--heartbeat', '1']
    const command = [join(project, 'bin/myorch'), ...words, ...flags]
    const options = { env, stdio: 'ignore' as const }
    running.push(spawn(shimPath, ['enter', `/run/netns/${machine}`, ...command], options))
  }
  const bad = join(folder, 'bad')
  const join3 = words.slice(0, 3)
  const over = await cluster.apply(endedToken('ended0')).then(() => `ended0.${'0'.repeat(16)}`)
  const refused: readonly (readonly [string, readonly string[], number, RegExp])[] = [
    ['another token', [...join3, '--token', 'aaaaaa.bbbbbbbbbbbbbbbb'], 1, /trust the server/],
    ['a token that has ended', [...join3, '--token', over], 1, /does not know the token/],
    ['another authority', [...words.slice(0, 6), `sha256:${'0'.repeat(64)}`], 1, /another one/],
    ['no token', join3, 1, /missing=--token/],
    ['half a token', [...join3, '--token', 'abcdef'], 1, /read --token/],
    ['no address', ['node', 'join', 'here', ...words.slice(3)], 1, /like https:/],
    [
      'nobody there',
      ['node', 'join', 'https://127.0.0.1:1', ...words.slice(3)],
      1,
      /reach the server/,
    ],
  ]
  for (const [title, other, code, text] of refused)
    t.match(await own('myorch', ...other, '--root', bad), { code, stderr: text }, title)
  t.notOk(existsSync(bad))

  start()
  await ok('wait', 'node/joined', '--for=create', '--timeout=20s')
  await ok('wait', 'node/joined', '--for=condition=Ready', '--timeout=20s')
  const jsonpath = 'jsonpath={.status.addresses[?(@.type=="InternalIP")].address}'
  t.equal(await ok('get', 'node', 'joined', '-o', jsonpath), address)
  t.match(await ok('get', 'csr'), /system:bootstrap:.*Approved,Issued/)

  await t.test('it goes on when the server comes back', async (t) => {
    const boot = () => ok('get', 'node', 'joined', '-o', 'jsonpath={.metadata.uid}')
    const before = await boot()
    for (const verb of ['stop', 'start'])
      t.match(await own('myorch', 'cluster', verb, cluster.name), { code: 0 }, verb)
    await ok('delete', 'lease', '-n', 'kube-node-lease', 'joined')
    await ok('wait', 'lease/joined', '-n', 'kube-node-lease', '--for=create', '--timeout=20s')
    await ok('wait', 'node/joined', '--for=condition=Ready', '--timeout=20s')
    t.equal(await boot(), before)
  })
  await t.test('it comes back when the token is gone', async (t) => {
    await stop()
    t.match(await own('myorch', 'token', 'delete', token), { code: 0 })
    t.match((await own('myorch', 'token', 'list')).stdout, /^TOKEN    ENDS\n$/)
    t.match(await own('myorch', 'token', 'delete', token), { code: 1, stderr: /not found/ })
    await ok('delete', 'node', 'joined')
    start()
    await ok('wait', 'node/joined', '--for=create', '--timeout=20s')
    await ok('wait', 'node/joined', '--for=condition=Ready', '--timeout=20s')
  })
  await t.test('it renews its certificates before they end, and goes on', async (t) => {
    await stop()
    const file = join(root, 'credentials.json')
    const server = join(env['MYORCH_ROOT'] ?? '', 'clusters', cluster.name, 'server')
    const short = await shortCredentials(server, file, address)
    writeFileSync(file, JSON.stringify(short))
    // Without a token: it proves itself with what it has.
    words.splice(3)
    start()
    const changed = await untilChanged(file, short)
    t.not(changed.client.certificate, short.client.certificate)
    t.not(changed.serving.certificate, short.serving.certificate)
    t.ok(renewalTime(changed) - Date.now() > 200 * 24 * 60 * 60 * 1000)
    await ok('delete', 'lease', '-n', 'kube-node-lease', 'joined')
    await ok('wait', 'lease/joined', '-n', 'kube-node-lease', '--for=create', '--timeout=20s')
    await ok('wait', 'node/joined', '--for=condition=Ready', '--timeout=20s')
    t.match(await ok('get', 'csr'), /system:node:joined.*Approved,Issued/)
  })
  await stop()
  t.strictSame(await cluster.remove(), [])
})
