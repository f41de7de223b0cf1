import t from 'tap'
import { OperationError } from '../../../native/error.ts'
import type { CommandIo } from '../../../runtime/cli/command-io.ts'
import { commandGroups } from '../../../runtime/cli/command-groups.ts'
import { topCommands } from '../../../runtime/cli/command-table.ts'
import type { Engine } from '../../../runtime/cli/engine.ts'
import { runCommandLine } from '../../../runtime/cli/run-command-line.ts'
import { copyPlace } from '../../../runtime/cli/commands/cp.ts'
import { randomName } from '../../../runtime/container/random-name.ts'
import { parseName } from '../../../runtime/container/parse/name.ts'
import { sampleContainer } from './sample-container.ts'

interface Result {
  exitCode: number
  stdout: string
  stderr: string
  calls: string[]
}

/** Run one command line; calls that `verbs` does not have are recorded and answer nothing. */
async function run(line: string | string[], verbs: Partial<Engine> = {}): Promise<Result> {
  const result = { stdout: '', stderr: '', calls: [] as string[] }
  const sink = (name: 'stdout' | 'stderr') => ({
    write(chunk: string | Uint8Array) {
      result[name] += typeof chunk === 'string' ? chunk : new TextDecoder().decode(chunk)
    },
  })
  const io: CommandIo = {
    stdout: sink('stdout'),
    stderr: sink('stderr'),
    stdin: (async function* () {
      yield new TextEncoder().encode('n\n')
    })(),
    env: {},
    cwd: '/',
    stdinIsTty: false,
    stdoutIsTty: false,
    columns: 80,
    rows: 24,
    attach: () => Promise.reject(new Error('no terminal here')),
  }
  const engine = new Proxy(verbs, {
    get(target, verb, receiver): unknown {
      if (Reflect.has(target, verb)) return Reflect.get(target, verb, receiver)
      // The engine is handed over in a promise, which asks whether it is one itself.
      if (typeof verb === 'symbol' || verb === 'then') return undefined
      return (...args: unknown[]) => {
        result.calls.push(
          [verb, ...args.filter((arg) => arg !== io)]
            .map((arg) => (typeof arg === 'string' ? arg : JSON.stringify(arg)))
            .join(' '),
        )
        return Promise.resolve()
      }
    },
  })
  const argv = typeof line === 'string' ? line.split(' ') : line
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- stands in for any verb
  const exitCode = await runCommandLine(argv, io, () => Promise.resolve(engine as Engine))
  return { ...result, exitCode }
}

const stopAllButB = async (container: string) => {
  if (container === 'b') throw new OperationError('NOT_FOUND', 'find container', { name: 'b' })
}

async function failStart(): Promise<never> {
  throw new OperationError('START_FAILED', 'execute program', {}, { exitCode: 127 })
}

async function breakDown(): Promise<never> {
  throw new OperationError('INTERNAL', 'break')
}

const inspect = async () => sampleContainer()

const missing = () => Promise.reject(new OperationError('NOT_FOUND', 'find'))

const entry = (stream: 'stdout' | 'stderr', text: string) => ({
  stream,
  time: 'T',
  data: new TextEncoder().encode(text),
})

async function* logs() {
  yield entry('stdout', 'par')
  yield entry('stderr', 'err\n')
  yield entry('stdout', 'tial\n')
  yield entry('stdout', 'next\n')
}

const driven: { line: string; want: string[] }[] = [
  {
    line: 'stop -t 5 -s INT a b',
    want: ['stop a {"signal":"SIGINT","timeout":5}', 'stop b {"signal":"SIGINT","timeout":5}'],
  },
  { line: 'restart a', want: ['restart a {}'] },
  { line: 'kill a', want: ['kill a SIGKILL'] },
  { line: 'kill --signal 15 a', want: ['kill a SIGTERM'] },
  { line: 'pause a', want: ['pause a'] },
  { line: 'container unpause a', want: ['unpause a'] },
  { line: 'rm -fv a', want: ['remove a {"force":true,"volumes":true}'] },
  { line: 'rename a b', want: ['rename a b'] },
  { line: 'update -m 5m a', want: ['update a {"resources":{"memory":5242880}}'] },
  { line: 'start a', want: ['start a {}'] },
  { line: 'network rm n', want: ['networkRemove n {"force":false}'] },
  {
    line: 'network connect --alias x n c',
    want: ['networkConnect {"network":"n","container":"c","aliases":["x"]}'],
  },
  { line: 'volume rm -f v', want: ['volumeRemove v {"force":true}'] },
  {
    line: 'cp a:/x /y',
    want: [
      'copy {"from":{"kind":"container","container":"a","path":"/x"},"to":{"kind":"host","path":"/y"},"archive":false,"followLink":false}',
    ],
  },
]

for (const { line, want } of driven) {
  t.test(line, async (t) => {
    const { exitCode, calls, stderr } = await run(line)
    t.equal(stderr, '')
    t.strictSame(calls, want)
    t.equal(exitCode, 0)
  })
}

const mistakes: { name: string; line: string; hint?: RegExp }[] = [
  { name: 'an unknown command', line: 'rnu', hint: /mycontainer run/ },
  { name: 'a command of myimage', line: 'images', hint: /myimage/ },
  { name: 'an unknown flag', line: 'run --memry 5m x', hint: /--memory/ },
  { name: 'an unknown flag of another command', line: 'ps --al', hint: /--all/ },
  { name: 'an unknown global flag', line: '--rot /x ps', hint: /--root/ },
  { name: 'too few arguments', line: 'rename a' },
  { name: 'too many arguments', line: 'ps a' },
  { name: 'no container', line: 'stop' },
  { name: 'containers and --all', line: 'stop --all a' },
  { name: 'an unknown member of a group', line: 'network lss', hint: /network ls/ },
  { name: 'a property name', line: 'constructor' },
  { name: 'update without a flag', line: 'update a' },
  { name: 'a copy inside the host', line: 'cp /a /b' },
  { name: 'a filter that is not known', line: 'ps -f colour=red' },
]

for (const { name, line, hint } of mistakes) {
  t.test(`${name} is one line and 125`, async (t) => {
    const { exitCode, stderr, stdout, calls } = await run(line)
    t.equal(exitCode, 125)
    t.match(stderr, /^mycontainer: [^\n]+\n$/)
    if (hint) t.match(stderr, hint)
    t.equal(stdout, '')
    t.strictSame(calls, [])
  })
}

t.test('one failing container does not keep the others from their turn', async (t) => {
  const { exitCode, stdout, stderr } = await run('stop a b c', { stop: stopAllButB })
  t.equal(stdout, 'a\nc\n')
  t.match(stderr, /^mycontainer: find container .*\n$/)
  t.equal(exitCode, 125)
})

t.test('run ends with the program’s exit code', async (t) => {
  t.equal(
    (await run('run host false', { run: async () => ({ id: 'abc', exitCode: 7 }) })).exitCode,
    7,
  )
})

t.test('run -d prints the id', async (t) => {
  const { stdout, exitCode } = await run('run -d host true', { run: async () => ({ id: 'abc' }) })
  t.equal(stdout, 'abc\n')
  t.equal(exitCode, 0)
})

t.test('the engine’s own exit code wins', async (t) => {
  t.equal((await run('run host nothing', { run: failStart })).exitCode, 127)
})

t.test('a stack is printed with --debug alone', async (t) => {
  t.notMatch((await run('run host x', { run: breakDown })).stderr, / {4}at /)
  t.match((await run('--debug run host x', { run: breakDown })).stderr, / {4}at /)
})

t.test('ps shows what runs, quietly or not', async (t) => {
  const ended = sampleContainer({ id: 'f'.repeat(64), name: 'old' }, { status: 'exited' })
  const list = async () => [ended, sampleContainer()]
  t.equal((await run('ps -q', { list })).stdout, '0123456789ab\n')
  t.equal((await run('ps -aq --no-trunc', { list })).stdout.length, 130)
  t.equal((await run(['ps', '--format', '{{.Names}}'], { list })).stdout, 'web\n')
  t.equal((await run(['ps', '-n', '1', '--format', '{{.Names}}'], { list })).stdout, 'old\n')
  t.equal(
    (await run(['ps', '-f', 'status=exited', '--format', '{{.Names}}'], { list })).stdout,
    'old\n',
  )
  t.equal((await run(['container', 'ls', '--format', '{{.State}}'], { list })).stdout, 'running\n')
})

t.test('inspect', async (t) => {
  t.equal(
    (await run(['inspect', '-f', '{{.State.Pid}}', 'a', 'b'], { inspect })).stdout,
    '42\n42\n',
  )
  const documents: unknown = JSON.parse((await run('inspect a', { inspect })).stdout)
  t.match(documents, [{ Name: '/web' }])
})

t.test('inspect goes on to images and networks, and says when there is nothing', async (t) => {
  const verbs = {
    inspect: missing,
    imageInspect: missing,
    networkInspect: missing,
    volumeInspect: missing,
  }
  const { stdout, stderr, exitCode } = await run('inspect ghost', verbs)
  t.equal(stdout, '[]\n')
  t.match(stderr, /ghost/)
  t.equal(exitCode, 125)
})

t.test('logs go to their own streams, each line with its time', async (t) => {
  const { stdout, stderr } = await run('logs -t a', { logs })
  t.equal(stdout, 'T partial\nT next\n')
  t.equal(stderr, 'T err\n')
})

t.test('port', async (t) => {
  t.equal((await run('port a', { inspect })).stdout, '80/tcp -> 0.0.0.0:8080\n')
  t.equal((await run('port a 80', { inspect })).stdout, '0.0.0.0:8080\n')
  t.equal((await run('port a 81', { inspect })).exitCode, 125)
})

t.test('prune asks, and a no changes nothing', async (t) => {
  const { calls, exitCode } = await run('prune')
  t.strictSame(calls, [])
  t.equal(exitCode, 0)
})

t.test('rm -f of what is not there is fine', async (t) => {
  t.equal((await run('rm -f ghost', { remove: missing })).exitCode, 0)
  t.equal((await run('rm ghost', { remove: missing })).exitCode, 1)
})

const helped: string[][] = [
  ...Object.keys(topCommands).map((name) => [name]),
  ...Object.entries(commandGroups).flatMap(([group, { commands }]) =>
    Object.keys(commands).map((name) => [group, name]),
  ),
]

for (const words of helped) {
  t.test(`${words.join(' ')} --help`, async (t) => {
    const { stdout, exitCode, calls } = await run([...words, '--help'])
    t.match(stdout, new RegExp(`^Usage: {2}mycontainer ${words.join(' ')} `))
    t.equal(exitCode, 0)
    t.strictSame(calls, [])
  })
}

t.test('help of the program and of a group', async (t) => {
  for (const line of ['--help', 'help', 'network', 'network --help', 'help run'])
    t.match((await run(line)).stdout, /^Usage: {2}mycontainer/)
})

t.test('what follows the image is not help for us', async (t) => {
  const { calls } = await run('run host ls --help')
  t.equal(calls.length, 1)
})

t.test('no command has a flag twice', async (t) => {
  const entries = [
    ...Object.values(topCommands),
    ...Object.values(commandGroups).flatMap(({ commands }) => Object.values(commands)),
  ]
  for (const { load } of entries) {
    const { flags, summary } = await load()
    const names = flags.flatMap(({ name, short }) => [
      name,
      ...(short === undefined ? [] : [`-${short}`]),
    ])
    t.strictSame(names.toSorted(), [...new Set(names)].toSorted(), summary)
  }
})

t.test('places of cp', async (t) => {
  t.strictSame(copyPlace('web:/x:y', '/w'), { kind: 'container', container: 'web', path: '/x:y' })
  t.strictSame(copyPlace('./web:x', '/w'), { kind: 'host', path: '/w/./web:x' })
  t.strictSame(copyPlace('-', '/w'), { kind: 'host', path: '-' })
})

t.test('random names are names', async (t) => {
  for (let attempt = 0; attempt < 50; attempt++) t.ok(parseName('container', randomName(attempt)))
  t.equal(
    randomName(0, () => 0),
    'amber_acorn',
  )
})
