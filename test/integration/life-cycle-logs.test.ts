import { once } from 'node:events'
import { readdirSync } from 'node:fs'
import { dirname } from 'node:path'
import t from 'tap'
import { commandBench, runCommand, startCommand, waitUntil } from './command-line.ts'

// Needs root.

const bench = commandBench(t)
// A busy machine of two cores.
t.setTimeout(120_000)
const { ok, run, inspect } = bench

async function finished(name: string, script: string, ...flags: string[]): Promise<void> {
  await ok('run', '-d', '--network', 'none', '--name', name, ...flags, 'host', 'sh', '-c', script)
  await ok('wait', name)
}

for (const driver of ['json-file', 'k8s-file'])
  t.test(driver, async (t) => {
    const name = `with-${driver}`
    const script = 'echo one; echo two >&2; printf "three\\n\\nno newline"'
    await finished(name, script, '--log-driver', driver)
    const all = await run('logs', name)
    t.equal(all.stdout, 'one\nthree\n\nno newline')
    t.equal(all.stderr, 'two\n')
    t.equal((await run('logs', '--tail', '1', name)).stdout, 'no newline')
    t.equal((await run('logs', '-n', '0', name)).stdout, '')
    for (const line of (await ok('logs', '-t', name)).split('\n'))
      t.match(line, /^20\d\d-\d\d-\d\dT\d\d:\d\d:\d\d\.\d+Z /)
    t.equal(await ok('logs', '--since', '1h', '--until', '0s', name), 'one\nthree\n\nno newline')
    t.equal(await ok('logs', '--until', '1h', name), '')
    const { stdout } = await run('logs', '-t', name)
    const second = stdout.split('\n')[1]?.split(' ')[0] ?? ''
    t.notMatch(await ok('logs', '--since', second, name), 'one')
  })

t.test('none', async (t) => {
  await finished('silent', 'echo text', '--log-driver', 'none')
  t.match(await run('logs', 'silent'), { exitCode: 1, stderr: /none/ })
  const shown = await run(
    'run',
    '--rm',
    '--network',
    'none',
    '--log-driver',
    'none',
    'host',
    'echo',
    'x',
  )
  t.equal(shown.stdout, 'x\n', 'the user sees it all the same')
})

t.test('rotation keeps the newest, followers lose nothing', async (t) => {
  // Each step waits for its word: a follower that were further behind than three files would lose lines.
  const steps =
    'for s in 0 1 2 3 4 5 6 7 8 9 10 11; do read go; seq -f "line %05g" $((s*500+1)) $((s*500+500)); done'
  const options = ['--log-opt', 'max-size=64k', '--log-opt', 'max-file=3', '-i']
  const script = `${steps}; echo last`
  await ok(
    'run',
    '-d',
    '--network',
    'none',
    '--name',
    'noisy',
    ...options,
    'host',
    'sh',
    '-c',
    script,
  )
  const follower = startCommand(['logs', '-f', 'noisy'], bench)
  follower.stdin.end()
  let followed = ''
  follower.stdout.on('data', (chunk: Buffer) => (followed += chunk.toString()))
  const attached = startCommand(['attach', 'noisy'], bench)
  attached.stdout.resume()
  for (let step = 1; step <= 12; step++) {
    attached.stdin.write('go\n')
    const last = `line ${String(step * 500).padStart(5, '0')}\n`
    await waitUntil(`step ${step} is followed`, () => followed.endsWith(last) || step === 12)
  }
  attached.stdin.end()
  await Promise.all([once(attached, 'close'), once(follower, 'close')])
  t.equal(readdirSync(dirname(String(await inspect('noisy', '.LogPath')))).length, 3)
  const all = Array.from(
    { length: 6000 },
    (_, index) => `line ${String(index + 1).padStart(5, '0')}`,
  )
  t.strictSame(followed.trimEnd().split('\n'), [...all, 'last'])
  const kept = (await ok('logs', 'noisy')).split('\n')
  t.ok(kept.length < all.length, 'the oldest are gone')
  t.strictSame(kept, [...all, 'last'].slice(-kept.length), 'without a gap')
  t.strictSame((await ok('logs', '--tail', '1500', 'noisy')).split('\n'), kept.slice(-1500))
})

t.test('logs -f ends with the container, and at once for one that has ended', async (t) => {
  const flags = ['-d', '-i', '--network', 'none', '--name', 'short']
  await ok('run', ...flags, 'host', 'sh', '-c', 'echo first; read go; echo second')
  const follower = startCommand(['logs', '-f', 'short'], bench)
  follower.stdin.end()
  let followed = ''
  follower.stdout.on('data', (chunk: Buffer) => (followed += chunk.toString()))
  await waitUntil('it follows', () => followed === 'first\n')
  const closed = once(follower, 'close')
  await runCommand(['attach', 'short'], { ...bench, input: 'go\n' })
  await closed
  t.equal(followed, 'first\nsecond\n')
  t.equal(await ok('logs', '-f', '--tail', '1', 'short'), 'second')
})
