import { existsSync, mkdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { planCgroup } from '../../runtime/cgroup/plan-cgroup.ts'
import { readHierarchy } from '../../runtime/cgroup/read-hierarchy.ts'
import { compileExec } from '../../runtime/program/compile-exec.ts'
import { compile } from '../../runtime/program/compile.ts'
import { explainFailure } from '../../runtime/program/failure.ts'
import { RECORD } from '../../runtime/program/format.ts'
import { cases, inputFor, withUser } from './program-cases.ts'
import type { Case } from './program-cases.ts'
import { makeBox, startZygote } from './program-runner.ts'
import type { ShimRecord } from './program-runner.ts'

t.test('what a container sees', async (t) => {
  const zygote = startZygote()
  t.teardown(() => zygote.close())
  for (const one of cases)
    await t.test(one.name, async (t) => {
      const box = makeBox()
      t.teardown(() => box.remove())
      const program = compile(inputFor(box, one))
      const records = await zygote.run(program)
      const end = records.at(-1)!
      if (end.type !== RECORD.EXIT) return t.fail(failureText(program, end))
      for (const want of [one.want].flat()) t.match(box.output(), want)
      t.equal(Number(end.value), one.exitCode ?? 0, 'exit code')
      return undefined
    })
})

function failureText(program: ReturnType<typeof compile>, record: ShimRecord): string {
  if (record.type !== RECORD.FAIL)
    return `record ${record.type} pc ${record.pc} value ${record.value}`
  const error = explainFailure(program, { pc: record.pc, errno: Number(record.value) })
  return `${error.message} ${error.hint ?? ''}`
}

t.test('hooks get the state of the container', async (t) => {
  const zygote = startZygote()
  t.teardown(() => zygote.close())
  const box = makeBox()
  t.teardown(() => box.remove())
  const records = await zygote.run(compile(inputFor(box, cases.at(-1)!)))
  t.equal(records.at(-1)?.type, RECORD.EXIT)
  for (const [path, status] of [
    ['runtime', 'created'],
    ['container', 'created'],
    ['upper/started', 'created'],
  ] as const) {
    const state = JSON.parse(readFileSync(join(box.folder, path), 'utf8')) as {
      id: string
      status: string
      pid: number
    }
    t.match(state, { id: 'web', status })
    t.ok(state.pid > 1, 'pid as the host numbers it')
  }
})

const failures: readonly (Case & { errno: number; code: number })[] = [
  {
    name: 'a missing program',
    script: '',
    process: { args: ['nothing-like-it'] },
    want: /./,
    errno: 2,
    code: 127,
  },
  {
    name: 'a missing path',
    script: '',
    process: { args: ['/bin/nothing'] },
    want: /./,
    errno: 2,
    code: 127,
  },
  { name: 'a directory', script: '', process: { args: ['/etc'] }, want: /./, errno: 13, code: 126 },
  {
    name: 'a missing source of a mount',
    script: '',
    config: () => ({
      mounts: [{ destination: '/x', source: '/does/not/exist', options: ['bind'] }],
    }),
    want: /./,
    errno: 2,
    code: 125,
  },
  {
    name: 'a hook that fails',
    script: '',
    config: () => ({ hooks: { createRuntime: [{ path: '/bin/false' }] } }),
    want: /./,
    errno: 10,
    code: 125,
  },
  {
    name: 'a hook that takes too long',
    script: '',
    config: () => ({
      hooks: { createRuntime: [{ path: '/bin/sleep', args: ['sleep', '60'], timeout: 1 }] },
    }),
    want: /./,
    errno: 110,
    code: 125,
  },
  {
    name: '/proc as a symbolic link (CVE-2019-19921)',
    script: '',
    input: (box) => {
      const evil = join(box.folder, 'evil')
      mkdirSync(evil)
      return {
        root: {
          kind: 'overlay',
          lower: [box.rootfs, evilLayer(evil)],
          upper: join(box.folder, 'upper'),
          work: join(box.folder, 'work'),
        },
      }
    },
    want: /./,
    errno: 40,
    code: 125,
  },
  {
    name: 'a working folder outside of the root (CVE-2024-21626)',
    script: '',
    process: { cwd: '/proc/self/fd/3' },
    want: /./,
    errno: 40,
    code: 125,
  },
]

function evilLayer(folder: string): string {
  // A whiteout-free layer whose /proc is a link over the folder below.
  mkdirSync(join(folder, 'elsewhere'))
  symlinkSync('elsewhere', join(folder, 'proc'))
  return folder
}

t.test('what cannot be started', async (t) => {
  const zygote = startZygote()
  t.teardown(() => zygote.close())
  for (const one of failures)
    await t.test(one.name, async (t) => {
      const box = makeBox()
      t.teardown(() => box.remove())
      const program = compile(inputFor(box, one))
      const end = (await zygote.run(program)).at(-1)!
      t.equal(end.type, RECORD.FAIL)
      t.equal(Number(end.value), one.errno)
      const error = explainFailure(program, { pc: end.pc, errno: Number(end.value) })
      t.equal(error.code, 'START_FAILED')
      t.equal(error.exitCode, one.code)
    })
})

t.test('create and start are two steps', async (t) => {
  const zygote = startZygote()
  t.teardown(() => zygote.close())
  const box = makeBox()
  t.teardown(() => box.remove())
  const program = compile(
    inputFor(box, { name: '', script: 'echo started', want: /./, input: () => ({ gate: true }) }),
  )
  zygote.send(program)
  t.equal((await zygote.next(RECORD.CREATED)).type, RECORD.CREATED)
  t.equal(box.output(), '')
  writeFileSync(join(box.state, 'start'), 'x')
  t.equal((await zygote.next(RECORD.EXIT)).type, RECORD.EXIT)
  t.match(box.output(), /started/)
})

t.test('a second process in a running container', async (t) => {
  const [first, second] = [startZygote(), startZygote()]
  t.teardown(async () => {
    await first.close()
    await second.close()
  })
  const box = makeBox()
  t.teardown(() => box.remove())
  const input = inputFor(box, { name: '', script: 'sleep 60', want: /./, config: () => withUser })
  first.send(compile(input))
  const pid = Number((await first.next(RECORD.EXEC)).value)
  t.teardown(() => process.kill(pid, 'SIGKILL'))
  const stateDir = join(box.folder, 'exec')
  mkdirSync(stateDir)
  for (const stdio of [
    { kind: 'pipes', stdin: false },
    { kind: 'terminal', rows: 33, columns: 99 },
  ] as const) {
    const isTerminal = stdio.kind === 'terminal'
    const args = ['sh', '-c', 'hostname; id -u; ps | grep -c sleep; stty size; exit 5']
    const program = compileExec({
      ...input,
      stateDir,
      stdio,
      target: { pid },
      cgroup: undefined,
      process: { ...input.config.process!, user: { uid: 7, gid: 7 }, terminal: isTerminal, args },
    })
    const end = (await second.run(program)).at(-1)!
    t.equal(end.type, RECORD.EXIT, failureText(program, end))
    t.equal(Number(end.value), 5)
    t.match(box.output(), isTerminal ? /box\r?\n7\r?\n\d\r?\n33 99/ : /^box\n7\n\d\n/)
  }
})

t.test('control groups are made, filled and removed', async (t) => {
  const zygote = startZygote()
  t.teardown(() => zygote.close())
  const box = makeBox()
  t.teardown(() => box.remove())
  const cgroup = planCgroup({
    hierarchy: readHierarchy(),
    resources: { pids: { limit: 20 } },
    cgroupPath: `/program-test/${process.pid}`,
    rootless: false,
  })
  const input = inputFor(box, {
    name: '',
    script: 'cat /proc/self/cgroup',
    want: /./,
    input: () => ({ cgroup }),
  })
  const records = await zygote.run(compile(input))
  t.equal(records.at(-1)?.type, RECORD.EXIT)
  t.match(box.output(), /pids:\/\n|0::\/\n/)
  for (const folder of cgroup.cleanup) t.notOk(existsSync(folder), folder)
})

t.test('cleanup removes what goes with the container', async (t) => {
  const zygote = startZygote()
  t.teardown(() => zygote.close())
  const box = makeBox()
  t.teardown(() => box.remove())
  mkdirSync(join(box.folder, 'gone/deep'), { recursive: true })
  const input = inputFor(box, {
    name: '',
    script: 'true',
    want: /./,
    input: () => ({ remove: [{ folder: box.folder, name: 'gone' }] }),
  })
  t.equal((await zygote.run(compile(input))).at(-1)?.type, RECORD.EXIT)
  t.notOk(existsSync(join(box.folder, 'gone')))
  t.ok(statSync(join(box.state, 'exit')).isFile())
})
