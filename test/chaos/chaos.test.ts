import { execFileSync } from 'node:child_process'
import { existsSync, readdirSync, readlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { engineFolders } from '../../runtime/container/folders.ts'
import { firewallTableName } from '../../runtime/network/network.ts'
import { listNetworks } from '../../runtime/network/network-store.ts'
import { commandBench, startCommand, waitUntil } from '../integration/command-line.ts'
import { leftovers } from '../integration/leftovers.ts'
import { live, planLifeCycles, type Seen } from './life-cycles.ts'
import { pick, seededRandom } from './random.ts'
import {
  containerProcesses,
  helperProcesses,
  isAlive,
  killVictim,
  type Victim,
  type VictimKind,
} from './victims.ts'

// Needs root. Life cycles side by side while something of ours is killed all the time. The seed
// decides the plan and whom to kill; when exactly is up to the machine.

const CYCLES = Number(process.env['CHAOS_CYCLES'] ?? 500)
const AT_ONCE = Number(process.env['CHAOS_LANES'] ?? 12)

const seed = Number(process.env['CHAOS_SEED'] ?? Math.floor(Math.random() * 2 ** 31))
t.comment(`CHAOS_SEED=${seed}`)
t.setTimeout(280_000)

const bench = commandBench(t)
const random = seededRandom(seed)
const cycles = planLifeCycles(random, CYCLES)
const temporaryFolders = new Set(readdirSync(tmpdir()))
const folders = engineFolders(bench.root, {}, 0, '/')

/** Everything of a container that was ever seen, and what of it was killed. */
const known = new Map<string, Victim>()
const killed = new Map<string, Set<VictimKind>>()
const counts = new Map<VictimKind, number>()

interface Kill {
  readonly kind: VictimKind
  /** Milliseconds of `performance.now`. */
  readonly at: number
  /** Of the container; undefined of what belongs to none, and where it has lost its name. */
  readonly name: string | undefined
}
const kills: Kill[] = []

function nameOf(id: string | undefined): string | undefined {
  const names = join(bench.root, 'data/names')
  if (id === undefined || !existsSync(names)) return undefined
  return readdirSync(names).find((name) => {
    try {
      return readlinkSync(join(names, name)) === id
    } catch {
      return false // It was removed meanwhile.
    }
  })
}

function remember(): Victim[] {
  const found = containerProcesses(bench.root)
  for (const victim of found) known.set(`${victim.pid} ${victim.ticks}`, victim)
  return found
}

function killOne(): void {
  const found = [...remember(), ...helperProcesses(bench.root)]
  if (found.length === 0) return
  const kinds = [...new Set(found.map(({ kind }) => kind))].toSorted()
  const kind = pick(random, kinds)
  const victim = pick(
    random,
    found.filter((each) => each.kind === kind),
  )
  // Noted first: the consequence may be seen at once.
  kills.push({ kind, at: performance.now(), name: nameOf(victim.id) })
  if (victim.id !== undefined)
    killed.set(victim.id, (killed.get(victim.id) ?? new Set()).add(victim.kind))
  if (killVictim(victim)) counts.set(kind, (counts.get(kind) ?? 0) + 1)
}

async function killUntil(isOver: () => boolean): Promise<void> {
  while (!isOver()) {
    await new Promise((resolve) => setTimeout(resolve, 30 + random() * 120))
    killOne()
  }
}

/** Keep an engine there, most of the time. */
async function serveUntil(isOver: () => boolean): Promise<void> {
  while (!isOver()) {
    const engine = startCommand(['serve'], bench)
    engine.stdout.resume()
    engine.stderr.resume()
    const ended = new Promise((resolve) => engine.once('close', resolve))
    const over = setInterval(() => isOver() && engine.kill('SIGTERM'), 50)
    await ended
    clearInterval(over)
    await new Promise((resolve) => setTimeout(resolve, 300 + random() * 600))
  }
}

async function liveAll(): Promise<Seen[]> {
  const seen: Seen[] = []
  const left = [...cycles]
  const lane = async (): Promise<void> => {
    for (let cycle = left.shift(); cycle; cycle = left.shift()) seen.push(await live(bench, cycle))
  }
  await Promise.all(Array.from({ length: AT_ONCE }, lane))
  return seen
}

/**
 * What a user may be told of one life: its program's own code, unless something was killed meanwhile that explains another:
 * the program or the command itself (137), the monitor (255), whoever starts containers (125).
 */
function possibleCodes({ cycle, from, to }: Seen): number[] {
  // What is killed takes connections until it is gone.
  const during = kills.filter(({ at }) => at >= from - 1_000 && at <= to)
  const isKilled = (...kinds: VictimKind[]): boolean =>
    during.some(
      ({ kind, name }) => kinds.includes(kind) && (name === undefined || name === cycle.name),
    )
  return [
    cycle.exitCode,
    ...(isKilled('init', 'command') || cycle.isEnded ? [137] : []),
    ...(isKilled('monitor') ? [255] : []),
    ...(isKilled('init', 'monitor', 'zygote', 'engine', 'command') ? [125] : []),
  ]
}

function checkCodes(t: Test, seen: Seen): void {
  const { cycle, results } = seen
  const { name, exitCode, isForeground } = cycle
  const possible = possibleCodes(seen)
  if (isForeground)
    t.ok(possible.includes(results[0]?.exitCode ?? -1), `${name}: run`, { results, possible })
  // A container that was not started has the code 0, as with docker.
  if (results[0]?.exitCode !== 0) possible.push(0)
  for (const { stdout } of results.slice(1))
    if (/^\d+\n$/.test(stdout))
      t.ok(possible.includes(Number(stdout)), `${name}: wait`, { stdout, exitCode, possible })
}

interface Shown {
  readonly Id: string
  readonly Name: string
  readonly State: { readonly Status: string; readonly ExitCode: number; readonly Pid: number }
}

t.test('life cycles while our processes are killed', async (t) => {
  await bench.ok('run', '--rm', 'host', 'true')
  let isOver = false
  const others = Promise.all([killUntil(() => isOver), serveUntil(() => isOver)])
  const seen = await liveAll().finally(() => (isOver = true))
  await others
  t.comment(`killed: ${[...counts].map(([kind, count]) => `${count} × ${kind}`).join(', ')}`)
  t.equal(seen.length, CYCLES, 'every command came to an end')
  for (const { cycle, results } of seen)
    for (const { stderr } of results)
      t.notMatch(stderr, /INTERNAL|TypeError|undefined|at \w+ \(/, `${cycle.name}: no bug shown`)
  for (const one of seen) checkCodes(t, one)
})

t.test('what is shown is true', async (t) => {
  // Every program ends by itself. A look at all of them takes note of ends that nobody saw, and starts those again that want
  // to be: at most twice.
  for (let look = 0; look <= 2; look++) {
    await waitUntil('every program has ended', () => remember().length === 0, 30_000)
    await bench.ok('ps', '-aq')
  }
  await waitUntil('every program has ended', () => remember().length === 0, 30_000)
  const ids = (await bench.ok('ps', '-aq', '--no-trunc')).split('\n').filter(Boolean)
  const shown = (ids.length === 0 ? [] : JSON.parse(await bench.ok('inspect', ...ids))) as Shown[]
  const processes = remember()
  for (const { Id, Name, State } of shown) {
    const name = Name.replace(/^\//, '')
    const cycle = cycles.find((each) => each.name === name)
    const by = killed.get(Id) ?? new Set<VictimKind>()
    const lives = processes.some(({ id, kind }) => id === Id && kind === 'init')
    if (State.Status === 'running') t.ok(lives, `${name} runs, as it says`)
    if (State.Status !== 'exited' || !cycle) continue
    t.notOk(lives, `${name} has ended, as it says`)
    const possible = [cycle.exitCode]
    if (by.has('monitor')) possible.push(255)
    if (by.has('init') || cycle.isEnded) possible.push(137)
    t.ok(possible.includes(State.ExitCode), `${name}: exit code`, {
      found: State,
      possible,
      killed: [...by],
    })
  }
})

t.test('nothing is left', async (t) => {
  await bench.ok('ps', '-a')
  const ids = (await bench.ok('ps', '-q')).split('\n').filter(Boolean)
  if (ids.length > 0) await bench.ok('rm', '-f', '-v', '-t', '0', ...ids)
  await bench.ok('prune', '-f')
  await bench.ok('volume', 'prune', '-a', '-f')
  t.equal(await bench.ok('ps', '-aq'), '')
  t.strictSame(leftovers(bench.root), [], 'files, mounts, control groups')
  await waitUntil('no process is left', () => ![...known.values()].some(isAlive))
  await waitUntil('no helper is left', () => helperProcesses(bench.root).length === 0)
  for (const { bridge } of listNetworks(folders)) {
    const links = `/sys/class/net/${bridge}/brif`
    t.strictSame(existsSync(links) ? readdirSync(links) : [], [], `links of ${bridge}`)
  }
  const table = ['list', 'table', 'inet', firewallTableName(folders)]
  t.notMatch(execFileSync('nft', table, { encoding: 'utf8' }), /24\d\d\d/, 'published ports')
  const added = readdirSync(tmpdir()).filter(
    (name) =>
      /^mycontainer-(?!test|vm|fault|provision|bench|oci|failures)/.test(name) &&
      !temporaryFolders.has(name),
  )
  t.strictSame(added, [], 'temporary folders')
})
