import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, existsSync, mkdirSync, readFileSync, readdirSync, statSync } from 'node:fs'
import { connect, createServer } from 'node:net'
import { join } from 'node:path'
import t from 'tap'
import {
  type CommandBench,
  commandBench,
  runCommand,
  startCommand,
  waitUntil,
} from './command-line.ts'
import { startEngine } from './resident-engine.ts'

t.setTimeout(120_000)

/** Pid of the process that started a container last. */
async function starterOf(bench: CommandBench, name: string): Promise<number> {
  const id = await bench.inspect(name, '.Id')
  const text = readFileSync(join(bench.root, 'data/containers', String(id), 'start.json'), 'utf8')
  return (JSON.parse(text) as { starterPid: number }).starterPid
}

const sleeper = (name: string): string[] => ['run', '-d', '--name', name, 'host', 'sleep', '100']

t.test('commands reach the engine, and do without it', async (t) => {
  const bench = commandBench(t)
  const engine = await startEngine(t, bench)
  await bench.ok(...sleeper('a'))
  t.equal(await starterOf(bench, 'a'), engine.pid)
  const apart = await runCommand(sleeper('b'), {
    root: bench.root,
    env: { MYCONTAINER_NO_ENGINE: '1' },
  })
  t.equal(apart.exitCode, 0)
  t.not(await starterOf(bench, 'b'), engine.pid)
  t.equal((await bench.run('serve')).exitCode, 125, 'one engine for a root')
  engine.process.kill('SIGTERM')
  await once(engine.process, 'close')
  t.notOk(existsSync(join(bench.root, 'run/engine.sock')))
  t.equal(await bench.ok('exec', 'a', 'echo', 'alive'), 'alive')
})

t.test('many commands at once', async (t) => {
  const bench = commandBench(t)
  await startEngine(t, bench)
  await bench.ok('run', '--rm', 'host', 'true')
  const runs = Array.from({ length: 12 }, async (_, at) =>
    bench.run('run', '--rm', 'host', 'sh', '-c', `echo ${at}; exit ${at}`),
  )
  for (const [at, { exitCode, stdout }] of (await Promise.all(runs)).entries())
    t.same([exitCode, stdout], [at, `${at}\n`])
})

t.test(
  'an engine that is killed leaves its containers, and a socket that nobody minds',
  async (t) => {
    const bench = commandBench(t)
    const engine = await startEngine(t, bench)
    await bench.ok(...sleeper('a'))
    engine.process.kill('SIGKILL')
    await once(engine.process, 'close')
    t.ok(existsSync(join(bench.root, 'run/engine.sock')))
    t.equal(await bench.ok('exec', 'a', 'echo', 'alive'), 'alive')
    const next = await startEngine(t, bench)
    await bench.ok(...sleeper('b'))
    t.equal(await starterOf(bench, 'b'), next.pid)
  },
)

function childrenOf(pid: number): number[] {
  return readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8')
    .split(' ')
    .filter(Boolean)
    .map(Number)
}

t.test('a zygote that is killed is started again', async (t) => {
  const bench = commandBench(t)
  const engine = await startEngine(t, bench)
  await bench.ok(...sleeper('a'))
  const [zygote = 0] = childrenOf(engine.pid)
  process.kill(zygote, 'SIGKILL')
  await waitUntil('it is gone', () => !childrenOf(engine.pid).includes(zygote))
  t.equal(await bench.ok('run', '--rm', 'host', 'echo', 'again'), 'again')
  t.equal(await bench.inspect('a', '.State.Status'), 'running')
})

t.test('a client that goes away', async (t) => {
  const bench = commandBench(t)
  const engine = await startEngine(t, bench)
  const killed = startCommand(['run', '--name', 'a', 'host', 'sleep', '100'], bench)
  await waitUntil('it runs', async () => (await bench.run('inspect', 'a')).exitCode === 0)
  await bench.waitFor('a', '.State.Status', 'running')
  killed.kill('SIGKILL')
  await once(killed, 'close')
  t.equal(await bench.inspect('a', '.State.Status'), 'running', 'its container goes on')
  const stopping = startCommand(['stop', '-t', '60', 'a'], bench)
  await waitUntil('the engine serves it', () => stopping.exitCode === null)
  stopping.kill('SIGINT')
  const [code] = (await once(stopping, 'close')) as [number | null]
  t.ok(code === 130 || code === null, 'as a process of its own would end')
  const interrupted = startCommand(['run', '--rm', '--name', 'b', 'host', 'sleep', '100'], bench)
  interrupted.kill('SIGKILL')
  await once(interrupted, 'close')
  t.equal(await bench.ok('run', '--rm', 'host', 'echo', 'well'), 'well')
  t.equal(engine.process.exitCode, null)
})

t.test('nobody else may connect', async (t) => {
  const bench = commandBench(t)
  await startEngine(t, bench)
  const path = join(bench.root, 'run/engine.sock')
  t.equal(statSync(path).mode & 0o777, 0o600)
  // Even where the folders let another user through.
  for (const folder of [bench.folder, bench.root, join(bench.root, 'run')]) chmodSync(folder, 0o755)
  chmodSync(path, 0o666)
  const script = `require('node:net').connect(${JSON.stringify(path)}).on('close', () => process.exit(3))
    .on('error', () => process.exit(4)).on('data', () => process.exit(0))`
  const other = spawn(process.execPath, ['-e', script], { uid: 65534, gid: 65534 })
  const [code] = (await once(other, 'close')) as [number]
  t.equal(code, 3, 'closed without a word')
})

t.test('strangers get no answer, and do no harm', async (t) => {
  const bench = commandBench(t)
  await startEngine(t, bench)
  const rows: [string, Buffer][] = [
    ['text', Buffer.from('GET / HTTP/1.1\r\n\r\n')],
    ['a huge frame', Buffer.from([32, 0, 0, 0, 255, 255, 255, 255])],
    ['an empty request', Buffer.from([32, 0, 0, 0, 0, 0, 0, 0])],
    [
      'wrong counts',
      Buffer.concat([Buffer.from([32, 0, 0, 0, 16, 0, 0, 0]), Buffer.alloc(16, 255)]),
    ],
  ]
  for (const [title, bytes] of rows) {
    const socket = connect(join(bench.root, 'run/engine.sock'))
    socket.on('error', () => undefined)
    socket.write(bytes)
    socket.resume()
    await once(socket, 'close')
    t.pass(title)
  }
  t.equal(await bench.ok('run', '--rm', 'host', 'echo', 'well'), 'well')
})

t.test('something else at the path', async (t) => {
  const bench = commandBench(t)
  mkdirSync(join(bench.root, 'run/engine.sock'), { recursive: true })
  t.equal((await bench.run('serve')).exitCode, 125)
  const path = join(bench.folder, 'other.sock')
  const server = createServer((socket) => socket.destroy()).listen(path)
  t.teardown(() => server.close())
  await once(server, 'listening')
  t.equal((await bench.run('serve', '--socket', path)).exitCode, 125, 'somebody listens')
})

t.test('it does not grow', async (t) => {
  const bench = commandBench(t)
  const { pid } = await startEngine(t, bench)
  const run = async (count: number): Promise<void> => {
    for (let at = 0; at < count; at++)
      if ((await bench.run('run', '--rm', '--network', 'none', 'host', 'true')).exitCode !== 0)
        throw new Error('a run failed')
  }
  const descriptors = (): number => readdirSync(`/proc/${pid}/fd`).length
  await run(10)
  const before = descriptors()
  await run(60)
  await waitUntil('no descriptor is left open', () => descriptors() <= before)
  t.ok(childrenOf(pid).length <= 1, 'the zygote alone')
  await waitUntil('and it has reaped all', () =>
    childrenOf(pid).every((zygote) => childrenOf(zygote).length === 0),
  )
})
