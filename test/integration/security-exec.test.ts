import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { landlockVersion } from '../../native/landlock.ts'
import { landlockVersionNeeded } from '../../runtime/security/landlock.ts'
import { makeImage } from './attack.ts'
import { thisHost } from './program-runner.ts'
import { commandBench, startCommand, waitUntil } from './command-line.ts'

// Needs root. What a container that may trace processes gets from those that come into its pid namespace.

t.setTimeout(120_000)
const bench = commandBench(t)
const quiet = ['--network', 'none']
const metSome = /met (?:[2-9]|\d\d)/
/** Without the domain of Landlock, which keeps all who come in out of its reach: what is tested is what holds without. */
const tracer = ['--cap-add', 'SYS_PTRACE', '--security-opt', 'landlock=off']
makeImage(bench, 'hostile')
// What the attack looks for behind the root and the working folder of who comes in.
const hostFile = join(bench.folder, 'of-the-host')
writeFileSync(hostFile, '')

/** Let a container look at all who come in while `enter` is repeated. @returns what it says */
async function invade(
  flags: readonly string[],
  enter: (round: number) => Promise<unknown>,
  seconds = 2,
) {
  const attack = ['hostile', '/bin/attack', 'invade', String(seconds), hostFile]
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
    t.match(shown, metSome, 'it met those that came in')
    t.notMatch(shown, /GOT/)
  })

function writeStrictProfile(): string {
  const profile = join(bench.folder, 'profile.json')
  const names = ['clone', 'clone3', 'setsid', 'prlimit64']
  const syscalls = [{ names, action: 'SCMP_ACT_ERRNO' }]
  writeFileSync(profile, JSON.stringify({ defaultAction: 'SCMP_ACT_ALLOW', syscalls }))
  return profile
}

t.test('exec works under a profile that refuses what a birth takes', async (t) => {
  const profile = writeStrictProfile()
  const flags = [
    '--name',
    'strict',
    '--security-opt',
    `seccomp=${profile}`,
    '--ulimit',
    'nproc=900',
  ]
  await bench.ok('run', '-d', ...quiet, ...flags, 'hostile', 'sleep', '1000')
  const status = await bench.ok('exec', 'strict', 'cat', '/proc/self/status', '/proc/self/limits')
  t.match(status, /^Seccomp:\t2$/m)
  t.match(status, /^CapPrm:\t000000008[0-9a-f]{7}$/m, 'the right to load it is gone')
  t.match(status, /^Max processes +900 +900 /m)
})

t.test('exec gives nothing to a container that shares the pid namespace', async (t) => {
  await bench.ok('run', '-d', ...quiet, '--name', 'owner', 'hostile', 'sleep', '1000')
  const shown = await invade([...tracer, '--pid', 'container:owner'], async () =>
    bench.run('exec', 'owner', '/bin/true'),
  )
  t.match(shown, metSome, 'it met those that came in')
  t.notMatch(shown, /GOT/)
})

// Where the way in leaves something open, the domain that a container has unasked closes it (Linux 6.12).
if (landlockVersion() >= landlockVersionNeeded)
  for (const { title, profile, joined } of [
    { title: 'a profile that refuses births', profile: true, joined: undefined },
    { title: 'a first process in a user namespace', profile: false, joined: ['--userns', 'auto'] },
    { title: 'the same with --init', profile: false, joined: ['--userns', 'auto', '--init'] },
  ])
    t.test(`Landlock keeps who comes in out of reach: ${title}`, async (t) => {
      const flags = ['--cap-add', 'SYS_PTRACE']
      if (profile) flags.push('--security-opt', `seccomp=${writeStrictProfile()}`)
      const enter = ['run', '--rm', ...quiet, ...(joined ?? []), '--pid', 'container:tracer']
      const words = joined ? [...enter, 'hostile', '/bin/true'] : ['exec', 'tracer', '/bin/true']
      const shown = await invade(flags, async () => bench.run(...words), 1)
      t.match(shown, metSome, 'it met those that came in')
      t.notMatch(shown, /GOT/)
    })

// Before, the procfs of a namespace could be mounted only from inside of it: docs/security.md.
if (thisHost().kernel.minor >= 18 || thisHost().kernel.major > 6)
  for (const flags of [[], ['--init'], ['--user', '1000'], ['-t']])
    t.test(`run --pid container: ${flags.join(' ')} gives nothing either`, async (t) => {
      const joined = ['run', '--rm', ...quiet, ...flags, '--pid', 'container:tracer', 'hostile']
      const shown = await invade(tracer, async () => {
        const { exitCode, stderr } = await bench.run(...joined, '/bin/sh', '-c', 'test -e /proc/1')
        // The last one may come when there is nobody left to join.
        if (exitCode !== 0) t.match(stderr, /tracer|pid namespace/)
      })
      t.match(shown, metSome, 'it met those that came in')
      t.notMatch(shown, /GOT/)
    })
