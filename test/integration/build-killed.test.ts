import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { openStepRunner } from '../../runtime/build-step/step-runner.ts'
import { stepBench } from './build-step-bench.ts'
import { leftovers } from './leftovers.ts'

t.test('what a killed build leaves is taken back before the next one', async (t) => {
  const bench = await stepBench(t)
  const root = join(bench.base, 'state')
  const words = [join(import.meta.dirname, 'build-step-process.ts'), root, bench.layers[0] ?? '']
  const child = spawn(process.execPath, [...words, 'echo running; sleep 1000'])
  t.teardown(() => child.kill('SIGKILL'))
  await once(child.stdout, 'data')
  child.kill('SIGKILL')
  await once(child, 'exit')
  const secrets = (): string[] =>
    readdirSync('/dev/shm').filter((name) => name.startsWith(`mycontainer-build-${child.pid}-`))
  t.not(leftovers(root).length, 0, 'the container goes on')
  t.equal(secrets().length, 1)
  const runner = openStepRunner(root)
  await runner.repair()
  runner.close()
  t.strictSame(leftovers(root), [])
  t.strictSame(secrets(), [])
  const cache = { kind: 'cache', target: '/c', readOnly: false, sharing: 'locked' } as const
  const { exitCode } = await bench.run('true', { mounts: [cache] })
  t.equal(exitCode, 0, 'its cache is free')
})

t.test('another build that is alive is left alone', async (t) => {
  const bench = await stepBench(t)
  const runner = openStepRunner(join(bench.base, 'state'))
  t.teardown(() => runner.close())
  let repaired: Promise<void> | undefined
  const { exitCode } = await bench.run('echo ready; sleep 0.3', {
    onOutput: () => void (repaired ??= runner.repair()),
  })
  await repaired
  t.equal(exitCode, 0)
})

t.test(
  'a command of a build is a container while it runs, and prune gives its caches back',
  async (t) => {
    const bench = await stepBench(t)
    const command = (name: string, ...words: string[]): string =>
      execFileSync(join(import.meta.dirname, '../../bin', name), words, {
        encoding: 'utf8',
        env: { ...process.env, MYCONTAINER_ROOT: join(bench.base, 'state') },
      })
    const cache = { kind: 'cache', target: '/c', readOnly: false, sharing: 'shared' } as const
    let listed = ''
    let pruned = ''
    let seen: string[] = []
    await bench.run(
      'echo 123 > /c/f; touch /made; echo ready; until [ -e /go ]; do sleep 0.05; done',
      {
        mounts: [cache],
        onOutput() {
          listed = command('mycontainer', 'ps', '-s')
          pruned = command('myimage', 'prune')
          const name = /build-[0-9a-f]{12}/.exec(listed)?.[0] ?? ''
          seen = [
            command('mycontainer', 'exec', '-u', 'app', name, 'id', '-u'),
            command('mycontainer', 'diff', name),
            command('mycontainer', 'exec', name, 'cat', '/c/f'),
          ]
          command('mycontainer', 'exec', name, 'touch', '/go')
        },
      },
    )
    t.match(listed, /build-[0-9a-f]{12}/)
    t.match(seen, ['1000', /^A \/made$/m, '123'])
    t.match(pruned, /space: 0B/, 'a cache in use stays')
    t.match(command('myimage', 'prune'), /space: 4B/)
    t.match((await bench.run('ls /c', { mounts: [cache] })).output, /^$/)
  },
)
