// A plain command under limits, run as a process of its own. Needs root.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { readHierarchy } from '../../runtime/cgroup/read-hierarchy.ts'
import type { LimitValues } from '../../runtime/cgroup/limit-values.ts'

const { v2, v1 } = readHierarchy()
const parents = [v2?.base, ...Object.values(v1)].map((top) => join(String(top), 'mycontainer'))
const source = join(import.meta.dirname, '../../runtime/cgroup/limit-command.ts')

function leftGroups(owner: number): string[] {
  return parents
    .filter((parent) => existsSync(parent))
    .flatMap((parent) => readdirSync(parent).filter((name) => name.startsWith(`limit-${owner}-`)))
}

function start(limits: LimitValues, argv: readonly string[]) {
  const script = `const { runLimited } = await import(${JSON.stringify(source)});
    process.exitCode = await runLimited(${JSON.stringify(limits)}, ${JSON.stringify(argv)})`
  const child = spawn(process.execPath, ['--input-type=module', '-e', script], {
    stdio: ['pipe', 'pipe', 'pipe'],
  })
  const output = { stdout: '', stderr: '' }
  child.stdout.on('data', (data: Buffer) => (output.stdout += data))
  child.stderr.on('data', (data: Buffer) => (output.stderr += data))
  return { child, output, pid: Number(child.pid), end: once(child, 'close') }
}

const cases: {
  name: string
  limits: LimitValues
  argv: string[]
  code: number
  stderr?: RegExp
}[] = [
  {
    name: 'the exit code is passed on',
    limits: { pids: 20 },
    argv: ['sh', '-c', 'exit 3'],
    code: 3,
  },
  {
    name: 'out of memory',
    limits: { memory: 20 * 2 ** 20 },
    argv: ['tail', '/dev/zero'],
    code: 137,
    stderr: /OOM/,
  },
  { name: 'no such command', limits: {}, argv: ['/nonexistent'], code: 127 },
  { name: 'a signal', limits: {}, argv: ['sh', '-c', 'kill -TERM $$'], code: 143 },
  {
    name: 'arguments arrive unchanged',
    limits: { cpus: 0.5 },
    argv: ['sh', '-c', '[ "$1" = "a  b\'" ]', 'sh', "a  b'"],
    code: 0,
  },
]

for (const { name, limits, argv, code, stderr } of cases)
  t.test(name, async (t) => {
    const { output, pid, end } = start(limits, argv)
    const [exitCode] = (await end) as [number]
    t.equal(exitCode, code, output.stderr)
    if (stderr) t.match(output.stderr, stderr)
    t.same(leftGroups(pid), [])
  })

t.test('stdin is the command’s, and it is in its groups from the start', async (t) => {
  const { child, output, pid, end } = start({ memory: 64 * 2 ** 20 }, [
    'sh',
    '-c',
    'read line; echo "$line"; cat /proc/self/cgroup',
  ])
  child.stdin.end('hello\n')
  await end
  t.match(output.stdout, /^hello\n/)
  t.match(output.stdout, `/mycontainer/limit-${pid}-`)
})

t.test('signals are forwarded', async (t) => {
  const script = 'trap "exit 9" TERM; echo ready; while :; do sleep 0.05; done'
  const { child, pid, end } = start({}, ['sh', '-c', script])
  await once(child.stdout, 'data')
  child.kill('SIGTERM')
  t.same(await end, [9, null])
  t.same(leftGroups(pid), [])
})

t.test('the group of a killed predecessor goes with the next command', async (t) => {
  const first = start({}, ['sh', '-c', 'echo $$; read line'])
  await once(first.child.stdout, 'data')
  first.child.kill('SIGKILL')
  await once(first.child, 'exit')
  t.not(leftGroups(first.pid).length, 0)
  // The command itself lived on; it ends with its input.
  first.child.stdin.destroy()
  await first.end
  const second = start({}, ['true'])
  await second.end
  t.same(leftGroups(first.pid), [])
})
