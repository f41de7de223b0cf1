import { once } from 'node:events'
import t from 'tap'
import { makeImage } from './attack.ts'
import { commandBench, startCommand, waitUntil } from './command-line.ts'

// Needs root. What a container that may trace processes gets from those that come into its pid namespace.

const bench = commandBench(t)
const quiet = ['--network', 'none']
const tracer = ['--cap-add', 'SYS_PTRACE']
makeImage(bench, 'hostile')

/** Let a container look at all who come in while `enter` is repeated. @returns what it says */
async function invade(flags: readonly string[], enter: (round: number) => Promise<unknown>) {
  const attack = ['hostile', '/bin/attack', 'invade', '3']
  const watcher = startCommand(
    ['run', '--rm', ...quiet, '--name', 'tracer', ...flags, ...attack],
    bench,
  )
  let shown = ''
  for (const stream of [watcher.stdout, watcher.stderr])
    stream.on('data', (chunk: Buffer) => (shown += chunk.toString()))
  watcher.stdin.end()
  const exited = once(watcher, 'exit')
  await waitUntil('it watches', () => shown !== '')
  for (let round = 0; !shown.includes('watched') && round < 200; round++) await enter(round)
  await exited
  return shown
}

for (const { title, flags, exec } of [
  { title: 'with a filter', flags: [], exec: [] },
  { title: 'without a filter', flags: ['--security-opt', 'seccomp=unconfined'], exec: [] },
  { title: 'for another user', flags: [], exec: ['-u', '1000'] },
  { title: 'with a terminal', flags: [], exec: ['-t'] },
  { title: 'that reads', flags: [], exec: ['-i'] },
  { title: 'without new privileges', flags: ['--security-opt', 'no-new-privileges'], exec: [] },
])
  t.test(`exec gives nothing to a container that may trace: ${title}`, async (t) => {
    const shown = await invade([...tracer, ...flags], async () =>
      bench.run('exec', ...exec, 'tracer', '/bin/true'),
    )
    t.match(shown, /met (?:[3-9]|\d\d)/, 'it met those that came in')
    t.notMatch(shown, /GOT/)
  })
