import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import {
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
  cpSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { type RunOptions, type Runtime, openRuntime } from '../../runtime/index.ts'
import { commandBench, waitUntil } from './command-line.ts'
import { leftovers } from './leftovers.ts'

t.setTimeout(120_000)

const project = join(import.meta.dirname, '../..')

function openTestRuntime(t: Test): { runtime: Runtime; root: string } {
  const { root } = commandBench(t)
  const runtime = openRuntime({ root })
  t.teardown(() => runtime.close())
  return { runtime, root }
}

const quiet: RunOptions = { network: 'none' }
const sleeper: RunOptions = { ...quiet, command: ['sleep', '1000'] }

t.test('runs and says how it ended', async (t) => {
  const { runtime } = openTestRuntime(t)
  const rows: [string, string, object][] = [
    ['output', 'echo out; echo err >&2', { exitCode: 0, stdout: 'out\n', stderr: 'err\n' }],
    ['exit code', 'exit 7', { exitCode: 7, signal: 0, oomKilled: false }],
    ['much output', 'seq 300000 | tail -c 7; seq 300000', { exitCode: 0, stdout: /^300000\n1\n/u }],
  ]
  for (const [title, script, wanted] of rows) {
    const container = await runtime.run({ ...quiet, command: ['sh', '-c', script] })
    t.match(await container.collect(), wanted, title)
  }
})

t.test('what is removed with its end is gone for everybody when that is told', async (t) => {
  const { runtime, root } = openTestRuntime(t)
  for (let count = 0; count < 5; count += 1) {
    const container = await runtime.run({ name: 'again', command: ['true'] })
    t.equal((await container.wait()).exitCode, 0)
    t.strictSame(await runtime.engine.list({ all: true, size: false }), [])
    t.throws(() => container.state(), { code: 'NOT_FOUND' })
  }
  await waitUntil('files and addresses go right after', () => leftovers(root).length === 0)
})

t.test('input, in order and of any size', async (t) => {
  const { runtime } = openTestRuntime(t)
  const container = await runtime.run({ ...quiet, command: ['sha256sum'], stdin: true })
  const reference = await runtime.run({
    ...quiet,
    command: ['sh', '-c', 'yes | head -c 1000000 | sha256sum'],
  })
  void container.write('y\n'.repeat(250_000))
  void container.write(Buffer.from('y\n'.repeat(250_000)))
  container.endInput()
  t.equal((await container.collect()).stdout, (await reference.collect()).stdout)
  await container.write('nobody reads this')
})

t.test('what a program without input writes, and how it ends', async (t) => {
  const { runtime } = openTestRuntime(t)
  await using container = await runtime.run(sleeper)
  const count = 20_000
  const loop = (word: string): string[] => [
    'sh',
    '-c',
    `i=0; while [ $i -lt ${count} ]; do echo ${word} $i; i=$((i + 1)); done; echo ${word} >&2; kill -9 $$`,
  ]
  const lines = (word: string): string =>
    Array.from({ length: count }, (_, index) => `${word} ${index}\n`).join('')
  const words = ['one', 'two', 'three']
  const ended = await Promise.all(words.map((word) => container.exec(loop(word))))
  for (const [index, word] of words.entries()) {
    const { stdout, stderr, exitCode, signal } = ended[index] ?? {}
    t.same({ exitCode, signal, stderr }, { exitCode: 137, signal: 9, stderr: `${word}\n` }, word)
    t.ok(stdout === lines(word), `all lines of ${word}`)
  }
  container.pause()
  await t.rejects(container.exec(['true']), { code: 'BAD_STATE', detail: { status: 'paused' } })
  container.unpause()
  const late = await container.exec(['sh', '-c', 'sleep 0.1; echo late'])
  t.match(late, { exitCode: 0, stdout: 'late\n' })
  await container.kill()
  await t.rejects(container.exec(['true']), { code: 'BAD_STATE' })
})

t.test('several programs in one container', async (t) => {
  const { runtime } = openTestRuntime(t)
  await using container = await runtime.run(sleeper)
  const both = ['first', 'second'].map((word) => container.exec(['echo', word]))
  t.same(
    (await Promise.all(both)).map(({ stdout }) => stdout),
    ['first\n', 'second\n'],
  )
  const script = 'echo "$A $(pwd) $(id -u)"; cat; exit 4'
  const program = await container.start(['sh', '-c', script], {
    env: { A: 'given' },
    workdir: '/tmp',
    user: '1234',
    stdin: true,
  })
  await program.write('typed')
  program.endInput()
  t.match(await program.collect(), { exitCode: 4, stdout: 'given /tmp 1234\ntyped' })
  await t.rejects(container.exec(['/nothing']), { code: 'START_FAILED', exitCode: 127 })
  t.equal(container.state().status, 'running')
})

t.test('a terminal', async (t) => {
  const { runtime } = openTestRuntime(t)
  const container = await runtime.run({
    ...quiet,
    command: ['sh', '-c', 'stty size; read x; stty size'],
    stdin: true,
    terminal: { rows: 11, columns: 22 },
  })
  let shown = ''
  for await (const { data } of container.output()) {
    shown += data.toString()
    if (shown !== '11 22\r\n') continue
    container.resize(33, 44)
    await container.write('\n')
  }
  t.match(shown, /^11 22[^]*33 44/u)
})

t.test('limits, pause, kill, stop', async (t) => {
  const { runtime } = openTestRuntime(t)
  const limited = await runtime.run({
    ...quiet,
    memory: '32m',
    command: ['sh', '-c', 'tail /dev/zero'],
  })
  t.match(await limited.wait(), { exitCode: 137, oomKilled: true })
  const container = await runtime.run({ ...sleeper, remove: false })
  container.pause()
  t.equal(container.state().status, 'paused')
  container.unpause()
  await container.kill('TERM')
  await container.kill()
  t.match(await container.wait(), { exitCode: 137, signal: 9 })
  t.equal(container.state().status, 'exited')
  await container.remove()
  await container.remove()
  const stopped = await runtime.run({
    ...quiet,
    command: ['sh', '-c', 'trap "exit 5" TERM; echo ready; sleep 100 & wait'],
  })
  for await (const { data } of stopped.output()) if (data.includes('ready')) break
  await stopped.stop(20)
  t.equal((await stopped.wait()).exitCode, 5)
})

t.test('AbortSignal', async (t) => {
  const { runtime } = openTestRuntime(t)
  await t.rejects(runtime.run({ ...sleeper, signal: AbortSignal.abort(new Error('before')) }), {
    message: 'before',
  })
  const controller = new AbortController()
  const container = await runtime.run({ ...sleeper, signal: controller.signal })
  controller.abort()
  t.equal((await container.wait()).exitCode, 137)
})

t.test('a start that fails leaves nothing', async (t) => {
  const { runtime } = openTestRuntime(t)
  await t.rejects(runtime.run({ ...quiet, command: ['/nothing'] }), { code: 'START_FAILED' })
  await t.rejects(runtime.run({ ...quiet, image: 'nothing' }), { code: 'NOT_FOUND' })
  await t.rejects(runtime.run({ ...quiet, memory: 'much' }), { code: 'INVALID_ARGUMENT' })
  const left = await runtime.engine.list({ all: true, size: false })
  t.same(left, [])
})

/** A project that has this package installed, as npm lays it out. */
function installedProject(t: Test): string {
  const folder = mkdtempSync(join(tmpdir(), 'mycontainer-project-'))
  t.teardown(() => rmSync(folder, { recursive: true, force: true }))
  const installed = join(folder, 'node_modules/mycontainer')
  mkdirSync(installed, { recursive: true })
  cpSync(join(project, 'package.json'), join(installed, 'package.json'))
  cpSync(join(project, 'dist'), join(installed, 'dist'), { recursive: true })
  symlinkSync(join(project, 'node_modules'), join(installed, 'node_modules'))
  cpSync(join(project, 'examples/api'), folder, { recursive: true })
  return folder
}

async function runScript(folder: string, name: string, root: string): Promise<object> {
  const child = spawn(process.execPath, [join(folder, name)], {
    env: { ...process.env, MYCONTAINER_ROOT: root },
    timeout: 60_000,
  })
  let text = ''
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (chunk: Buffer) => (text += chunk.toString()))
  const [code] = (await once(child, 'close')) as [number | null]
  return { code, text }
}

t.test('the examples, in a project of their own', async (t) => {
  const { root } = openTestRuntime(t)
  const folder = installedProject(t)
  const rows: [string, string][] = [
    ['hello.ts', '0 hello from a container\n'],
    ['stream.ts', 'stdout "apple\\npear\\n"\nexit code 0\n'],
    ['exec.ts', '3 value\n1\n2\n3\nrunning\n'],
    ['several.ts', '1 2 3\nkilled: 137\nSTART_FAILED 127\n'],
    ['events.ts', 'create\nstart\ndie\ndestroy\n'],
  ]
  const guide = readFileSync(join(project, 'docs/api.md'), 'utf8')
  for (const [name, text] of rows) {
    t.same(await runScript(folder, name, root), { code: 0, text }, name)
    const code = readFileSync(join(folder, name), 'utf8')
    t.ok(guide.includes(code), `docs/api.md shows ${name} as it is`)
  }
})

t.test('whoever installs it has its types', async (t) => {
  const folder = installedProject(t)
  const installed = join(folder, 'node_modules/mycontainer')
  const types = join(installed, 'dist/types')
  spawnSync(process.execPath, [join(project, 'scripts/build-types.mjs'), types])
  const wrong = `import { type RunOptions } from 'mycontainer'
// @ts-expect-error no such option
export const options: RunOptions = { comand: [] }\n`
  writeFileSync(join(folder, 'wrong.ts'), wrong)
  const compilerOptions = {
    strict: true,
    noEmit: true,
    module: 'nodenext',
    target: 'esnext',
    types: ['node'],
    typeRoots: [join(project, 'node_modules/@types')],
  }
  writeFileSync(join(folder, 'package.json'), '{ "type": "module" }')
  writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify({ compilerOptions }))
  const compiler = join(project, 'node_modules/.bin/tsc')
  const { status, stdout } = spawnSync(compiler, ['--project', folder], { encoding: 'utf8' })
  t.same({ status, stdout }, { status: 0, stdout: '' })
})

t.test('a process ends when it lets go, and its container goes on', async (t) => {
  const { runtime, root } = openTestRuntime(t)
  const source = `
    import { openRuntime } from ${JSON.stringify(join(project, 'runtime/index.ts'))}
    const runtime = openRuntime({ root: ${JSON.stringify(root)} })
    const container = await runtime.run({ name: 'left', command: ['sleep', '1000'], network: 'none' })
    container.unref()
  `
  const child = spawn(process.execPath, ['--input-type=module', '-e', source], { timeout: 20_000 })
  const [code] = (await once(child, 'close')) as [number | null]
  t.equal(code, 0)
  const [left] = await runtime.engine.list({ all: true, size: false })
  t.equal(left?.state.status, 'running')
  await runtime.engine.remove('left', { force: true, volumes: true })
})

t.test('a killed zygote costs nothing but itself', async (t) => {
  const { runtime } = openTestRuntime(t)
  const before = await runtime.run(sleeper)
  const children = readFileSync(`/proc/${process.pid}/task/${process.pid}/children`, 'utf8')
  const zygotes = children.split(' ').filter(Boolean).map(Number)
  const own = zygotes.filter((pid) =>
    readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes('zygote'),
  )
  for (const pid of own) process.kill(pid, 'SIGKILL')
  await waitUntil('it is gone', () => {
    const now = readFileSync(`/proc/${process.pid}/task/${process.pid}/children`, 'utf8').split(' ')
    return own.every((pid) => !now.includes(String(pid)))
  })
  const after = await runtime.run({ ...quiet, command: ['true'] })
  t.equal((await after.wait()).exitCode, 0)
  await before.kill()
  t.equal((await before.wait()).exitCode, 137)
})
