import { spawn } from 'node:child_process'
import { existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import {
  type CommandBench,
  type CommandResult,
  commandBench,
  commandPath,
  runCommand,
} from './command-line.ts'
import { startEngine } from './resident-engine.ts'

t.setTimeout(120_000)

// The same command lines with Node started for each, and with a resident engine: whoever types
// them must not be able to tell.

interface Line {
  readonly title: string
  readonly args: readonly string[]
  readonly input?: string
  readonly env?: Readonly<Record<string, string>>
  /** Absent: the same both ways is enough. */
  readonly exitCode?: number
}

const shell = (script: string, ...flags: string[]): string[] => [
  'run',
  '--rm',
  ...flags,
  'host',
  '/bin/sh',
  '-c',
  script,
]

// In this order: later lines use what earlier ones made.
const lines: readonly Line[] = [
  { title: 'output and exit code 0', args: shell('echo out; echo err >&2'), exitCode: 0 },
  { title: 'exit code of the program', args: shell('exit 7'), exitCode: 7 },
  { title: 'ended by a signal', args: shell('kill -9 $$', '--init'), exitCode: 137 },
  { title: 'stdin', args: shell('cat', '-i'), input: 'typed\n'.repeat(5000), exitCode: 0 },
  { title: 'no stdin without -i', args: shell('cat'), input: 'typed\n', exitCode: 0 },
  { title: 'much output', args: shell('seq 20000'), exitCode: 0 },
  { title: 'no such program', args: ['run', '--rm', 'host', '/nothing'], exitCode: 127 },
  { title: 'not executable', args: ['run', '--rm', 'host', '/etc/hosts'], exitCode: 126 },
  { title: 'no such image', args: ['run', '--rm', 'nothing', 'true'], exitCode: 125 },
  { title: 'unknown command', args: ['rnu'], exitCode: 125 },
  { title: 'unknown flag', args: ['run', '--rmm', 'host'], exitCode: 125 },
  { title: 'help', args: ['run', '--help'], exitCode: 0 },
  { title: 'wrong flag before the command', args: ['--rooot', 'x', 'ps'], exitCode: 125 },
  {
    title: 'variable of the caller',
    args: shell('echo $GIVEN', '-e', 'GIVEN'),
    env: { GIVEN: 'v w' },
    exitCode: 0,
  },
  {
    title: 'relative --env-file',
    args: shell('echo $LISTED', '--env-file', './list'),
    exitCode: 0,
  },
  { title: 'relative volume', args: shell('cat /seen/file', '-v', './shared:/seen'), exitCode: 0 },
  { title: 'relative cidfile', args: shell('true', '--cidfile', 'cid'), exitCode: 0 },
  { title: 'relative pidfile', args: shell('true', '--pidfile', 'pid'), exitCode: 0 },
  { title: 'cidfile is there', args: shell('true', '--cidfile', 'cid'), exitCode: 125 },
  {
    title: 'default umask',
    args: shell('umask; stat -c %a / /etc/hosts /etc/resolv.conf', '--user', '1000'),
    exitCode: 0,
  },
  { title: 'create', args: ['create', '-i', '--name', 'one', 'host', 'cat'], exitCode: 0 },
  { title: 'name in use', args: ['create', '--name', 'one', 'host', 'cat'], exitCode: 125 },
  {
    title: 'start in the foreground',
    args: ['start', '-a', '-i', 'one'],
    input: 'again',
    exitCode: 0,
  },
  { title: 'logs', args: ['logs', 'one'], exitCode: 0 },
  { title: 'detached', args: ['run', '-d', '--name', 'two', 'host', 'sleep', '100'], exitCode: 0 },
  { title: 'exec', args: ['exec', 'two', 'sh', '-c', 'echo in; exit 3'], exitCode: 3 },
  { title: 'exec with stdin', args: ['exec', '-i', 'two', 'cat'], input: 'x', exitCode: 0 },
  { title: 'exec of nothing', args: ['exec', 'two', 'nothing'], exitCode: 127 },
  { title: 'exec where nothing runs', args: ['exec', 'one', 'true'], exitCode: 1 },
  {
    title: 'inspect',
    args: ['inspect', '-f', '{{.Name}} {{.State.Status}}', 'one', 'two'],
    exitCode: 0,
  },
  { title: 'inspect nothing', args: ['inspect', 'three'] },
  { title: 'port', args: ['port', 'two'], exitCode: 0 },
  { title: 'kill', args: ['kill', 'two'], exitCode: 0 },
  { title: 'wait', args: ['wait', 'two'], exitCode: 0 },
  { title: 'rm of both', args: ['rm', 'one', 'two'], exitCode: 0 },
  { title: 'rm of nothing', args: ['rm', 'one'] },
  { title: 'ps of none', args: ['ps', '-a', '--format', '{{.Names}}'], exitCode: 0 },
]

/** Ids differ from run to run, and each way has its own folder. */
function comparable({ exitCode, stdout, stderr }: CommandResult, folder: string): CommandResult {
  const hide = (text: string): string =>
    text
      .replaceAll(folder, 'FOLDER')
      .replaceAll(/\b[0-9a-f]{12,64}\b/gu, 'ID')
      // An engine makes the network of its next container ahead: the same program then has a step less.
      .replaceAll(/\bpc=\d+/gu, 'pc=N')
  return { exitCode, stdout: hide(stdout), stderr: hide(stderr) }
}

async function runLine(bench: CommandBench, line: Line): Promise<CommandResult> {
  const { args, input, env } = line
  const result = await runCommand(args, { root: bench.root, input, env, cwd: bench.folder })
  return comparable(result, bench.folder)
}

function prepare(bench: CommandBench): void {
  mkdirSync(join(bench.folder, 'shared'))
  writeFileSync(join(bench.folder, 'shared/file'), 'shared\n')
  writeFileSync(join(bench.folder, 'list'), 'LISTED=from a file\n')
}

t.test('the same lines with an engine and without', async (t) => {
  const cold = commandBench(t)
  const warm = commandBench(t)
  for (const bench of [cold, warm]) prepare(bench)
  await startEngine(t, warm)
  for (const line of lines) {
    const wanted = await runLine(cold, line)
    if (line.exitCode !== undefined)
      t.equal(wanted.exitCode, line.exitCode, `${line.title}: exit code\n${wanted.stderr}`)
    t.same(await runLine(warm, line), wanted, line.title)
  }
  for (const { folder } of [cold, warm])
    for (const file of ['cid', 'pid'])
      t.ok(existsSync(join(folder, file)), `${file} is where the user was`)
})

t.test('a umask that shuts others out', async (t) => {
  const bench = commandBench(t)
  const script =
    'umask 077; "$0" run --rm --user 1000 host cat /etc/hostname; "$0" limit sh -c umask'
  const child = spawn('sh', ['-c', script, commandPath], {
    env: { ...process.env, MYCONTAINER_ROOT: bench.root, MYCONTAINER_NO_ENGINE: '1' },
  })
  let shown = ''
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (chunk: Buffer) => (shown += chunk.toString()))
  await new Promise((resolve) => child.on('close', resolve))
  t.match(shown, /^[0-9a-f]{12}\n0*77\n$/u)
})

/** Run a command line in a terminal of its own (script(1)); all that the terminal showed. */
async function inTerminal(bench: CommandBench, args: string, input: string): Promise<string> {
  const child = spawn(
    'script',
    ['-qec', `stty cols 91 rows 17; ${commandPath} ${args}`, '/dev/null'],
    {
      env: { ...process.env, MYCONTAINER_ROOT: bench.root },
      timeout: 20_000,
    },
  )
  let shown = ''
  child.stdout.on('data', (chunk: Buffer) => {
    shown += chunk.toString()
    // Typed when the program asks for it, as a user would.
    if (input !== '' && shown.includes('ready')) {
      child.stdin.write(input)
      input = ''
    }
  })
  const code = await new Promise<number | null>((resolve) => child.on('close', resolve))
  return `${shown}\nexit code ${code}`
}

t.test('a terminal', async (t) => {
  const cold = commandBench(t)
  const warm = commandBench(t)
  await startEngine(t, warm)
  const script = `'stty size; tty; echo ready; read line; echo "got $line"; exit 5'`
  const args = `run --rm -it host /bin/sh -c ${script}`
  const wanted = await inTerminal(cold, args, 'typed\r')
  t.match(wanted, /17 91[^]*ready[^]*got typed[^]*exit code 5/u)
  t.equal(await inTerminal(warm, args, 'typed\r'), wanted)
  const interrupted = `run --rm -it host /bin/sh -c 'trap "echo caught; exit 9" INT; echo ready; sleep 20 & wait'`
  const ended = await inTerminal(cold, interrupted, '\u0003')
  t.match(ended, /caught[^]*exit code 9/u)
  t.equal(await inTerminal(warm, interrupted, '\u0003'), ended)
})
