import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, rmdirSync, readdirSync, existsSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t from 'tap'
import type { Test } from 'tap'
import { OperationError } from '../../native/error.ts'
import { openContext } from '../../runtime/container/open-engine.ts'
import { createContainer } from '../../runtime/container/create.ts'
import { defaultOptions } from '../../runtime/container/default-options.ts'
import type { EngineContext } from '../../runtime/container/engine-context.ts'
import { listContainers } from '../../runtime/container/list.ts'
import type { ContainerOptions } from '../../runtime/container/options.ts'
import type { ContainerRecord } from '../../runtime/container/record.ts'
import { removeContainer } from '../../runtime/container/remove.ts'
import { startContainer } from '../../runtime/container/start.ts'
import { removeNetwork } from '../../runtime/network/bridge.ts'
import { removeFirewall } from '../../runtime/network/firewall.ts'
import { listNetworks } from '../../runtime/network/network-store.ts'
import { formatStep } from '../../runtime/program/listing.ts'
import type { Program } from '../../runtime/program/program.ts'
import { waitUntil } from './command-line.ts'
import {
  FaultyZygote,
  blocking,
  childrenOf,
  portRules,
  failing,
  isBlocked,
  traces,
} from './faulty-start.ts'

// Every step of a real start is made to fail, in turn, and our processes are killed at steps of
// both halves: the error names the step, and nothing is left.

interface FaultBench {
  readonly context: EngineContext
  readonly zygote: FaultyZygote
  readonly cgroupParent: string
  readonly root: string
  readonly options: ContainerOptions
  readonly create: (options?: Partial<ContainerOptions>) => Promise<ContainerRecord>
}

function faultBench(t: Test): FaultBench {
  const folder = mkdtempSync(join(tmpdir(), 'mycontainer-fault-'))
  const zygote = new FaultyZygote()
  const context: EngineContext = { ...openContext(folder, process.env), zygote }
  const cgroupParent = `/mycontainer-fault-${process.pid}`
  // Waiting for the end of a container does not keep a process by itself.
  const stay = setInterval(() => undefined, 60_000)
  t.teardown(async () => {
    clearInterval(stay)
    for (const { record } of await listContainers(context, { all: true, size: false }))
      await removeContainer(context, record.id, { force: true, volumes: true })
    zygote.close()
    for (const network of listNetworks(context.folders)) removeNetwork(context.folders, network)
    removeFirewall(context.folders)
    for (const name of readdirSync('/sys/fs/cgroup'))
      if (existsSync(`/sys/fs/cgroup/${name}${cgroupParent}`))
        rmdirSync(`/sys/fs/cgroup/${name}${cgroupParent}`)
    rmSync(folder, { recursive: true, force: true })
  })
  const base = defaultOptions('host')
  const typical: ContainerOptions = {
    ...base,
    command: ['/bin/true'],
    cgroupParent,
    rm: true,
    resources: { memory: 64 * 1024 * 1024, pidsLimit: 50 },
    network: {
      ...base.network,
      publish: ['80'],
    },
  }
  return {
    context,
    zygote,
    cgroupParent,
    root: folder,
    options: typical,
    create: async (options = {}) => createContainer(context, { ...typical, ...options }),
  }
}

/** The program of a typical start, and the traces of an engine at rest. */
async function learn({ context, create }: FaultBench): Promise<Program> {
  const { program, ended } = await startContainer(context, await create(), { hold: false })
  await ended
  return program
}

// Some six hundred starts.
t.setTimeout(180_000)

t.test('every step of a start fails once', async (t) => {
  t.setTimeout(180_000)
  const bench = faultBench(t)
  const { context, zygote, cgroupParent } = bench
  const program = await learn(bench)
  let before = traces(context, cgroupParent)
  const rules = portRules(context)
  const problems: string[] = []
  let failed = 0
  for (const [step, { op }] of program.steps.slice(0, program.cleanupStart).entries()) {
    if (!canFail.has(op)) continue
    const record = await bench.create()
    zygote.injectNext(step, failing)
    try {
      // A step behind a jump, or the search in folders of PATH behind the right one, is not reached.
      await (
        await startContainer(context, record, { hold: false })
      ).ended
    } catch (error) {
      failed++
      const problem = judge(error, step)
      if (problem) problems.push(problem)
    }
    // An interface goes with its namespace, which the kernel takes down a moment later.
    const { links: _, ...after } = traces(context, cgroupParent)
    const left = difference(before, after)
    if (left.length === 0) continue
    problems.push(
      `step ${step} left ${left.join(', ')}: ${formatStep(program, program.steps[step]!)}`,
    )
    before = { ...before, ...after }
  }
  t.same(problems, [])
  t.same(portRules(context), rules, 'no published port is left')
  t.ok(failed > 200, `${failed} steps failed`)
  await waitUntil(
    'no interface is left',
    () => traces(context, cgroupParent)['links']?.length === 0,
  )
  await waitUntil('no process is left', () => childrenOf(zygote.pid ?? 0).length === 0)
})

/** The shim's own operations on slots cannot. */
const canFail: ReadonlySet<string> = new Set(['SYS', 'CHECK', 'ASSERT', 'FORMAT'])

function judge(error: unknown, step: number): string | undefined {
  if (!(error instanceof OperationError)) return `step ${step}: ${String(error)}`
  const { code, detail, message } = error
  if (code !== 'START_FAILED') return `step ${step}: ${message}`
  if (detail['pc'] !== step) return `step ${step}: told as ${message}`
  if (detail['errno'] !== 'EIO') return `step ${step}: errno of ${message}`
  return undefined
}

function difference(
  before: Record<string, readonly string[]>,
  after: Record<string, readonly string[]>,
): string[] {
  return Object.entries(after).flatMap(([kind, lines]) => {
    const known = new Set(before[kind])
    return lines.filter((line) => !known.has(line)).map((line) => `${kind}: ${line}`)
  })
}

/** Which half is killed while which waits. */
type Victim = 'monitor' | 'inner half'

t.test('a half is killed while it works', async (t) => {
  t.setTimeout(180_000)
  const bench = faultBench(t)
  const { context, cgroupParent } = bench
  const program = await learn(bench)
  const before = traces(context, cgroupParent)
  const steps = [...program.steps.entries()]
    .filter(([index, { op }]) => index < program.cleanupStart - 1 && op === 'SYS')
    .filter((_, position) => position % 12 === 0)
  for (const victim of ['monitor', 'inner half'] as const)
    for (const [step, { call, phase }] of steps) {
      if (victim === 'inner half' && phase === 'outer') continue
      const outcome = await killAt(bench, step, victim)
      const title = `${victim}, ${phase} step ${step} ${call}`
      t.match(outcome, /not reached|START_FAILED/, title)
      // An interface goes with its namespace, which the kernel takes down a moment later.
      const { links: _, ...after } = traces(context, cgroupParent)
      t.same(difference(before, after), [], `nothing is left: ${title}`)
    }
  await waitUntil(
    'no interface is left',
    () => traces(context, cgroupParent)['links']?.length === 0,
  )
  await waitUntil('no process is left', () => childrenOf(bench.zygote.pid ?? 0).length === 0)
})

/** Start a container that waits at a step, and kill one of its two processes there. */
async function killAt(
  { context, zygote, create }: FaultBench,
  step: number,
  victim: Victim,
): Promise<string> {
  const record = await create()
  zygote.injectNext(step, blocking)
  let outcome: string | undefined
  const end = (async () => {
    const { ended } = await startContainer(context, record, { hold: false })
    await ended
    return 'not reached'
  })().catch((error: unknown) => (error instanceof OperationError ? error.code : String(error)))
  void end.then((text) => (outcome = text))
  const find = (): Blocked | undefined => findBlocked(zygote.pid ?? 0)
  await waitUntil(`step ${step}`, () => outcome !== undefined || find() !== undefined)
  const found = find()
  if (found) process.kill(victim === 'monitor' ? found.monitor : found.blocked, 'SIGKILL')
  const answer = await end
  // As `run --rm` does after a start that failed.
  await removeContainer(context, record.id, { force: true, volumes: true }).catch(ignoreMissing)
  return answer
}

interface Blocked {
  readonly monitor: number
  /** The same, or its child. */
  readonly blocked: number
}

function findBlocked(zygote: number): Blocked | undefined {
  for (const monitor of childrenOf(zygote))
    for (const blocked of [monitor, ...childrenOf(monitor)])
      if (isBlocked(blocked)) return { monitor, blocked }
  return undefined
}

t.test('the next command takes back what a killed one had begun', async (t) => {
  t.setTimeout(120_000)
  const bench = faultBench(t)
  const { context, cgroupParent, root, options } = bench
  const program = await learn(bench)
  const before = traces(context, cgroupParent)
  const inner = program.steps.findIndex(({ call }) => call === 'clone3')
  // The very last one must end the section: it cannot be one that waits.
  const last = program.cleanupStart - 2
  for (const step of [0, inner - 1, inner + 20, Math.floor((inner + last) / 2), last]) {
    const wish = JSON.stringify({ root, step, options })
    const script = join(import.meta.dirname, 'faulty-command.ts')
    const command = spawn(process.execPath, [script, wish], {
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    t.teardown(() => command.kill('SIGKILL'))
    const [text] = (await once(command.stdout, 'data')) as [Buffer]
    const zygote = Number(text.toString())
    await waitUntil(`step ${step}`, () => findBlocked(zygote) !== undefined)
    const monitor = findBlocked(zygote)?.monitor ?? 0
    command.kill('SIGKILL')
    await once(command, 'exit')
    process.kill(monitor, 'SIGKILL')
    await waitUntil('the monitor is gone', () => !existsSync(`/proc/${monitor}`))
    await listContainers(context, { all: true, size: false })
    const { links: _, ...after } = traces(context, cgroupParent)
    t.same(difference(before, after), [], `nothing is left of a start cut off at step ${step}`)
  }
  await waitUntil(
    'no interface is left',
    () => traces(context, cgroupParent)['links']?.length === 0,
  )
})

function ignoreMissing(error: unknown): void {
  if (!(error instanceof OperationError && error.code === 'NOT_FOUND')) throw error
}
