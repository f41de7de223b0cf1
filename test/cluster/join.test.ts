import { execFileSync, spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { shimPath } from '../../native/paths.ts'
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
  const refused = [
    ['another token', [...words.slice(0, 4), 'aaaaaa.bbbbbbbbbbbbbbbb']],
    ['another authority', [...words.slice(0, 6), `sha256:${'0'.repeat(64)}`]],
  ] as const
  for (const [title, other] of refused) {
    const { code, stderr } = await own('myorch', ...other, '--root', bad)
    t.equal(code, 1, title)
    t.match(stderr, /trust the server/, title)
  }
  t.notOk(existsSync(bad))

  start()
  await ok('wait', 'node/joined', '--for=create', '--timeout=20s')
  await ok('wait', 'node/joined', '--for=condition=Ready', '--timeout=20s')
  const jsonpath = 'jsonpath={.status.addresses[?(@.type=="InternalIP")].address}'
  t.equal(await ok('get', 'node', 'joined', '-o', jsonpath), address)
  t.match(await ok('get', 'csr'), /system:bootstrap:.*Approved,Issued/)

  await t.test('it comes back when the token is gone', async (t) => {
    await stop()
    t.match(await own('myorch', 'token', 'delete', token), { code: 0 })
    t.equal((await own('myorch', 'token', 'list')).stdout, 'TOKEN    ENDS\n')
    await ok('delete', 'node', 'joined')
    start()
    await ok('wait', 'node/joined', '--for=create', '--timeout=20s')
    await ok('wait', 'node/joined', '--for=condition=Ready', '--timeout=20s')
  })
  await stop()
  t.strictSame(await cluster.remove(), [])
})
