import t from 'tap'
import { commandBench, waitUntil } from './command-line.ts'

// Needs root. What happens without anybody asking: restarts, health checks, time limits.

const bench = commandBench(t)
// A busy machine of two cores.
t.setTimeout(120_000)
const { ok, run, inspect, waitFor } = bench

async function detached(name: string, ...args: string[]): Promise<string> {
  return ok('run', '-d', '--network', 'none', '--name', name, ...args)
}

t.test('--restart on-failure:2', async (t) => {
  await detached('failing', '--restart', 'on-failure:2', 'host', 'sh', '-c', 'echo run; exit 4')
  await waitFor('failing', '.RestartCount', 2)
  await waitFor('failing', '.State.Status', 'exited')
  t.equal(await ok('logs', 'failing'), 'run\nrun\nrun')
  t.equal(await inspect('failing', '.State.ExitCode'), 4)
  await detached('fine', '--restart', 'on-failure', 'host', 'true')
  await waitFor('fine', '.State.Status', 'exited')
  t.equal(await inspect('fine', '.RestartCount'), 0, 'success is no failure')
})

t.test('--restart always, until a user stops it', async (t) => {
  await detached('again', '--restart', 'always', 'host', 'sh', '-c', 'date +%s%N; exit 0')
  await waitUntil(
    'it was started four times',
    async () => (await ok('logs', 'again')).split('\n').length >= 4,
  )
  const times = (await ok('logs', 'again')).split('\n').map((line) => Number(line) / 1e6)
  const gaps = times.slice(1).map((time, index) => time - (times[index] ?? 0))
  for (const [index, least] of [100, 200, 400].entries())
    t.ok((gaps[index] ?? 0) >= least, `back-off ${index}: at least ${least} ms`)
  await waitUntil(
    'it waits for the next',
    async () => (await inspect('again', '.State.Status')) === 'restarting',
  )
  t.match(await ok('ps', '--format', '{{.Status}}', '--filter', 'name=again'), /^Restarting \(0\)/)
  await ok('stop', 'again')
  t.equal(await inspect('again', '.State.Status'), 'exited')
  await ok('start', 'again')
  await waitUntil(
    'a start by hand counts anew',
    async () => Number(await inspect('again', '.RestartCount')) < 3,
  )
  await ok('rm', '-f', 'again')
  t.equal(await ok('ps', '-aq', '--filter', 'name=again'), '')
})

t.test('what a boot is to start', async (t) => {
  const program = ['host', 'sleep', '100']
  const boots = '--filter=should-start-on-boot=true'
  await detached('base', '--init', '--restart', 'unless-stopped', ...program)
  await detached('beside', '--init', '--restart', 'always', '--ipc=container:base', ...program)
  await detached('stopped', '--init', '--restart', 'unless-stopped', ...program)
  await detached('plain', '--init', ...program)
  await ok('stop', 'stopped')
  const names = ['base', 'beside', 'plain']
  await ok('stop', '--until-boot', ...names)
  t.equal(await ok('ps', '-a', '--format', '{{.Names}}', boots), 'beside\nbase')
  t.equal((await ok('start', '--all', boots)).split('\n').length, 2, 'the older one first')
  t.equal(await ok('ps', '--format', '{{.Names}}'), 'beside\nbase')
  await ok('rm', '-f', '-t', '0', 'stopped', ...names.toReversed())
})

t.test('rm -f at any moment of a restart', async (t) => {
  for (let round = 0; round < 8; round++) {
    await detached('brief', '--restart', 'always', 'host', 'true')
    const { exitCode, stderr } = await run('rm', '-f', '-t', '0', 'brief')
    t.equal(exitCode, 0, stderr)
    await detached('brief', '--restart', 'always', 'host', 'true')
    t.match(await run('rm', '-f', 'brief'), { exitCode: 0 })
  }
  t.notMatch(await ok('ps', '-a', '--format', '{{.Names}}'), /brief/)
})

t.test('a stopped or killed container is not restarted', async (t) => {
  await detached('kept', '--restart', 'always', 'host', 'sleep', '1000')
  await ok('stop', '-t', '0', 'kept')
  t.equal(await inspect('kept', '.State.Status'), 'exited')
  await ok('start', 'kept')
  await ok('kill', 'kept')
  t.equal(await inspect('kept', '.State.Status'), 'exited')
  t.equal(await inspect('kept', '.RestartCount'), 0)
})

t.test('update --restart', async (t) => {
  await detached('changed', 'host', 'sleep', '1000')
  await ok('update', '--restart', 'on-failure:5', 'changed')
  t.equal(await inspect('changed', '.HostConfig.RestartPolicy.Name'), 'on-failure')
  await ok('update', '-m', '64m', '--pids-limit', '50', 'changed')
  t.equal(await inspect('changed', '.HostConfig.Memory'), 64 * 1024 * 1024)
  await ok('rm', '-f', 'changed')
})

t.test('a health check', async (t) => {
  await detached(
    'checked',
    '--health-cmd',
    'test -e /tmp/good && echo good',
    '--health-interval',
    '1s',
    '--health-retries',
    '2',
    '--health-start-period',
    '0s',
    'host',
    'sleep',
    '1000',
  )
  t.match(await ok('ps', '--format', '{{.Status}}'), /\(health: starting\)$/)
  await waitFor('checked', '.State.Health.Status', 'unhealthy')
  t.equal(await inspect('checked', '.State.Health.FailingStreak'), 2)
  t.match(await ok('ps', '--format', '{{.Status}}'), /\(unhealthy\)$/)
  t.match(await run('healthcheck', 'run', 'checked'), { exitCode: 1, stdout: 'unhealthy\n' })
  await ok('exec', 'checked', 'touch', '/tmp/good')
  await waitFor('checked', '.State.Health.Status', 'healthy')
  t.match(await run('healthcheck', 'run', 'checked'), { exitCode: 0 })
  t.match(await ok('ps', '--filter', 'health=healthy', '--format', '{{.Names}}'), 'checked')
  const log = (await inspect('checked', '.State.Health.Log')) as { Output: string }[]
  t.equal(log.at(-1)?.Output, 'good\n')
  await ok('rm', '-f', 'checked')
  t.match(await run('healthcheck', 'run', 'kept'), { exitCode: 125, stderr: /--health-cmd/ })
})

t.test('--health-on-failure kill', async (t) => {
  await detached(
    'doomed',
    '--health-cmd',
    'false',
    '--health-interval',
    '1s',
    '--health-retries',
    '1',
    '--health-on-failure',
    'kill',
    'host',
    'sleep',
    '1000',
  )
  t.equal(await ok('wait', 'doomed'), '137')
})
