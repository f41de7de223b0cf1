import { execFileSync } from 'node:child_process'
import { readFileSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { declareSyscall, requireSuccess } from '../../native/ffi/library.ts'
import { engineFolders } from '../../runtime/container/folders.ts'
import { firewallTableName } from '../../runtime/network/network.ts'
import { requireNetwork } from '../../runtime/network/network-store.ts'
import { type CommandResult, commandBench, runCommand, waitUntil } from './command-line.ts'

// Needs root. What 200 runs of every kind leave behind: nothing. Other tests may run meanwhile,
// so only what can be told to be ours is looked at: by our folder, our ids, our bridge, our table.

const PR_SET_CHILD_SUBREAPER = 36 // prctl(2)

const bench = commandBench(t)
const { ok, run } = bench
const folders = engineFolders(bench.root, {}, 0, '/')

// SAFETY: no pointers; prctl(2) sets one flag of this process.
const prctl = declareSyscall('prctl', ['int', 'ulong', 'ulong', 'ulong', 'ulong'])
requireSuccess(Number(prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)), 'adopt orphans', {})
// A busy machine of two cores takes its time for some 400 commands.
t.setTimeout(240_000)

interface Traces {
  readonly mounts: readonly string[]
  readonly groups: readonly string[]
  readonly links: readonly string[]
  readonly firewall: string
  readonly files: readonly string[]
  readonly processes: readonly string[]
}

function look(ids: ReadonlySet<string>): Traces {
  return {
    mounts: readFileSync('/proc/self/mountinfo', 'utf8')
      .split('\n')
      .filter((line) => line.includes(bench.folder)),
    groups: controlGroups('/sys/fs/cgroup', 4).filter((path) =>
      ids.has(path.split('/').at(-1) ?? ''),
    ),
    links: linksOfBridge(),
    firewall: execFileSync('nft', ['list', 'table', 'inet', firewallTableName(folders)], {
      encoding: 'utf8',
    }),
    files: filesBelow(bench.root),
    processes: adopted(),
  }
}

function controlGroups(folder: string, depth: number): string[] {
  if (depth === 0) return []
  let entries
  try {
    entries = readdirSync(folder, { withFileTypes: true })
  } catch {
    return [] // Removed while we look: another test's.
  }
  return entries
    .filter((entry) => entry.isDirectory())
    .flatMap(({ name }) => [join(folder, name), ...controlGroups(join(folder, name), depth - 1)])
}

function linksOfBridge(): string[] {
  const { bridge } = requireNetwork(folders, 'bridge')
  const text = execFileSync('ip', ['-o', 'link', 'show', 'master', bridge], { encoding: 'utf8' })
  return text.split('\n').filter(Boolean)
}

/** Paths under the root; the names of layers and of the image database do not matter here. */
function filesBelow(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((path) => !/^data\/(layers|images)/.test(path))
    .toSorted()
}

/** Orphans of our commands that still live: zygotes, monitors, processes of containers. */
function adopted(): string[] {
  const children = readFileSync(`/proc/self/task/${process.pid}/children`, 'latin1')
  return children
    .split(' ')
    .filter(Boolean)
    .flatMap((pid) => {
      try {
        const state = /^State:\s+(\S)/m.exec(readFileSync(`/proc/${pid}/status`, 'latin1'))?.[1]
        const words = readFileSync(`/proc/${pid}/cmdline`, 'latin1').replaceAll('\0', ' ')
        return state === 'Z' ? [] : [words]
      } catch {
        return []
      }
    })
}

/** The kinds of life a container can have, each all the way to its end. */
const lives: readonly ((index: number) => Promise<CommandResult | string>)[] = [
  () => run('run', '--rm', 'host', 'true'),
  (index) =>
    run(
      'run',
      '--rm',
      '-p',
      `127.0.0.1:${21000 + index}:80`,
      '-m',
      '64m',
      'host',
      'sh',
      '-c',
      'exit 3',
    ),
  () =>
    runCommand(['run', '--rm', '-i', '-v', '/data', 'host', 'cat'], { ...bench, input: 'text' }),
  () => run('run', '--rm', 'host', '/no/such'),
  () =>
    run(
      'run',
      '--rm',
      '--network',
      'none',
      '--mount',
      'type=bind,source=/no/such,target=/mnt',
      'host',
      'true',
    ),
  () => run('run', '--rm', '-d', '--init', 'host', 'true'),
  async (index) => {
    const id = await ok('run', '-d', '--name', `life-${index}`, 'host', 'sleep', '1000')
    await ok('exec', id, 'true')
    await ok('stop', '-t', '0', id)
    return ok('rm', '-v', id)
  },
  async (index) => {
    await ok('create', '--name', `life-${index}`, '-v', '/data', 'host', 'true')
    await run('start', '-a', `life-${index}`)
    return ok('rm', '-f', '-v', `life-${index}`)
  },
]

async function live(count: number): Promise<void> {
  let next = 0
  const worker = async (): Promise<void> => {
    for (let index = next++; index < count; index = next++)
      await lives[index % lives.length]?.(index)
  }
  await Promise.all([worker(), worker(), worker()])
}

t.test('200 runs leave nothing behind', { timeout: 240_000 }, async (t) => {
  await live(lives.length)
  await waitUntil('the first ones are gone', async () => (await ok('ps', '-aq')) === '')
  await waitUntil('their links as well', () => linksOfBridge().length === 0)
  const before = look(new Set())
  t.strictSame(before.mounts, [])
  await live(200)
  const ids = new Set(
    (
      await ok(
        'events',
        '--since',
        '1h',
        '--until',
        '0s',
        '--filter',
        'event=create',
        '--format',
        '{{.Actor.ID}}',
      )
    ).split('\n'),
  )
  // One kind of life in `lives` is refused before there is a container.
  const expected = (200 / lives.length) * (lives.length - 1)
  t.ok(ids.size >= expected, `${ids.size} containers were made`)
  // Veth pairs and network namespaces go some time after their last process.
  await waitUntil(
    'everything is as before',
    () => JSON.stringify(look(ids)) === JSON.stringify(before),
  ).catch(() => undefined)
  const after = look(ids)
  for (const kind of ['mounts', 'groups', 'links', 'firewall', 'files', 'processes'] as const)
    t.strictSame(after[kind], before[kind], kind)
  t.equal(await ok('ps', '-aq'), '')
})
