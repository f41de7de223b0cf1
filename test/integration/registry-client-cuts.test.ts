import { execFileSync } from 'node:child_process'
import { randomInt } from 'node:crypto'
import { mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { startCuttingProxy } from './cutting-proxy.ts'
import { type Layer, randomLayer, writeLayout } from './layout-of-layers.ts'
import { startPeerRegistry } from './peer-registry.ts'
import { startRegistry, testFolder } from './registry-process.ts'
import { runImageCommand, startImageCommand } from './run-image-command.ts'

const architecture = process.arch === 'x64' ? 'amd64' : process.arch

async function place(t: Test) {
  const base = mkdtempSync(join(tmpdir(), 'client-'))
  t.teardown(() => rmSync(base, { recursive: true, force: true, maxRetries: 3 }))
  const registry = await startPeerRegistry(t, join(base, 'registry'))
  const environment = { MYCONTAINER_ROOT: join(base, 'state') }
  return {
    base,
    registry,
    port: Number(registry.split(':')[1]),
    environment,
    run: (...parameters: string[]) => runImageCommand(parameters, environment),
    pull: (reference: string) => runImageCommand(['pull', '-q', reference], environment),
    push: (name: string, layers: readonly Layer[]): string => {
      const layout = join(base, `layout-${name}`)
      const digest = writeLayout(layout, 'x', [{ architecture, layers }])
      const target = `docker://${registry}/${name}:1`
      execFileSync('skopeo', ['copy', '-q', '--dest-tls-verify=false', `oci:${layout}:x`, target])
      return digest
    },
  }
}

t.test('a pull over connections that are cut at random bytes', async (t) => {
  const { port, base, pull, push } = await place(t)
  push(
    'app',
    [1, 2, 3].map((n) => randomLayer(base, `f${n}`, 1_500_000)),
  )
  const proxy = await startCuttingProxy(t, port, () => randomInt(1000, 1_000_000))
  const { status, stderr } = await pull(`${proxy.host}/app:1`)
  t.equal(status, 0, stderr)
  t.ok(proxy.cuts() > 3, `${proxy.cuts()} cuts`)
  t.ok(proxy.received() < 12_000_000, 'nearly nothing came twice')
})

t.test('a push over connections that are cut at random bytes', async (t) => {
  // Debian's docker-registry forgets an upload that was cut within a request; ours goes on.
  const base = testFolder(t)
  const { port } = await startRegistry(t, join(base, 'registry'))
  const layers = [1, 2, 3].map((n) => randomLayer(base, `f${n}`, 1_500_000))
  const digest = writeLayout(join(base, 'layout'), 'x', [{ architecture, layers }])
  const proxy = await startCuttingProxy(t, port, () => randomInt(1000, 1_000_000))
  const words = ['copy', '-q', `oci:${base}/layout:x`, `docker://${proxy.host}/app:1`]
  const { status, stderr } = await runImageCommand(words, { MYCONTAINER_ROOT: join(base, 'own') })
  t.equal(status, 0, stderr)
  t.ok(proxy.cuts() > 3, `${proxy.cuts()} cuts`)
  const there = `docker://localhost:${port}/app:1`
  const inspect = ['inspect', '--tls-verify=false', '--format', '{{.Digest}}', there]
  t.equal(execFileSync('skopeo', inspect, { encoding: 'utf8' }).trim(), digest)
})

t.test('a pull that is killed leaves nothing that is believed; the next one goes on', async (t) => {
  const { base, port, environment, run, pull, push } = await place(t)
  push('app', [randomLayer(base, 'f', 20_000_000)])
  // Opened wide after the kill.
  let allowance = 6_000_000
  const proxy = await startCuttingProxy(t, port, () => allowance)
  const { child, ended } = startImageCommand(['pull', '-q', `${proxy.host}/app:1`], environment)
  while (proxy.cuts() === 0) await new Promise((resolve) => void setTimeout(resolve, 5))
  process.kill(child.pid ?? 0, 'SIGKILL')
  t.not((await ended).status, 0)
  t.equal((await run('ls', '-q')).stdout, '')
  const folder = join(base, 'state/data/tmp')
  const partial = readdirSync(folder).filter((name) => name.startsWith('partial-'))
  const kept = partial.reduce((sum, name) => sum + statSync(join(folder, name)).size, 0)
  t.ok(kept > 1_000_000, `what came is kept: ${kept} bytes`)
  allowance = Number.POSITIVE_INFINITY
  const before = proxy.received()
  const second = await pull(`${proxy.host}/app:1`)
  t.equal(second.status, 0, second.stderr)
  t.ok(proxy.received() - before < 20_100_000 - kept, 'and not asked for again')
})

t.test('a part that was damaged on the disk is not believed', async (t) => {
  const { base, port, environment, pull, push } = await place(t)
  push('app', [randomLayer(base, 'f', 10_000_000)])
  let allowance = 3_000_000
  const proxy = await startCuttingProxy(t, port, () => allowance)
  const { child, ended } = startImageCommand(['pull', '-q', `${proxy.host}/app:1`], environment)
  while (proxy.cuts() === 0) await new Promise((resolve) => void setTimeout(resolve, 5))
  process.kill(child.pid ?? 0, 'SIGKILL')
  await ended
  const folder = join(base, 'state/data/tmp')
  for (const name of readdirSync(folder))
    if (name.startsWith('partial-')) writeFileSync(join(folder, name), Buffer.alloc(1000))
  allowance = Number.POSITIVE_INFINITY
  const second = await pull(`${proxy.host}/app:1`)
  t.equal(second.status, 0, second.stderr)
})

t.test('eight pulls and pushes of shared layers at once, beside prune', async (t) => {
  const { base, registry, run, pull, push } = await place(t)
  const shared = [1, 2].map((n) => randomLayer(base, `shared${n}`, 3_000_000))
  const names = [1, 2, 3, 4].map((n) => `app${n}`)
  for (const name of names) push(name, [...shared, randomLayer(base, name, 300_000)])
  const over = new AbortController()
  const pruning = (async () => {
    while (!over.signal.aborted) {
      const { status, stderr } = await run('prune')
      t.equal(status, 0, stderr)
    }
  })()
  const pulls = await Promise.all([...names, ...names].map((name) => pull(`${registry}/${name}:1`)))
  for (const { status, stderr } of pulls) t.equal(status, 0, stderr)
  const pushes = await Promise.all(
    [...names, ...names].map((name, at) =>
      run('push', '-q', `${registry}/${name}:1`, `${registry}/out${at}/${name}:1`),
    ),
  )
  for (const { status, stderr } of pushes) t.equal(status, 0, stderr)
  over.abort()
  await pruning
  for (const [at, name] of [...names, ...names].entries()) {
    const places = [`${registry}/${name}:1`, `${registry}/out${at}/${name}:1`]
    const [one, other] = places.map((reference) =>
      execFileSync('skopeo', ['inspect', '--raw', '--tls-verify=false', `docker://${reference}`], {
        encoding: 'utf8',
      }),
    )
    t.equal(one, other)
  }
  const verified = await run('verify')
  t.equal(verified.status, 0, verified.stderr)
})
