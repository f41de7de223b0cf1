import { once } from 'node:events'
import t from 'tap'
import { commandBench, runCommand, startCommand, waitUntil } from './command-line.ts'

// Needs root.

const bench = commandBench(t)
// A busy machine of two cores.
t.setTimeout(120_000)
const { ok, run, inspect } = bench

async function detached(name: string, ...args: string[]): Promise<string> {
  return ok('run', '-d', '--network', 'none', '--name', name, ...args)
}

const lines = async (...args: string[]): Promise<string[]> =>
  (await ok(...args)).split('\n').filter(Boolean)

t.test('ps', async (t) => {
  const up = await detached('up', '--label', 'tier=web', 'host', 'sleep', '1000')
  const down = await detached('down', '--label', 'tier=db', 'host', 'sh', '-c', 'exit 3')
  await ok('wait', 'down')
  await ok('create', '--network', 'none', '--name', 'fresh', 'host', 'true')
  const [header, row] = await lines('ps')
  t.match(header, /^CONTAINER ID +IMAGE +COMMAND +CREATED +STATUS +PORTS +NAMES$/)
  t.match(row, new RegExp(`^${up.slice(0, 12)} +host +"sleep 1000" +.* ago +Up .* +up$`))
  const rows: readonly [args: readonly string[], names: readonly string[]][] = [
    [[], ['up']],
    [['-a'], ['fresh', 'down', 'up']],
    [['-n', '1'], ['fresh']],
    [['-l'], ['fresh']],
    [['-a', '--filter', 'status=exited'], ['down']],
    [
      ['-a', '--filter', 'status=created', '--filter', 'status=running'],
      ['fresh', 'up'],
    ],
    [['-a', '--filter', 'exited=3'], ['down']],
    [['-a', '--filter', 'name=^up$'], ['up']],
    [['-a', '--filter', `id=${down.slice(0, 8)}`], ['down']],
    [
      ['-a', '--filter', 'label=tier'],
      ['down', 'up'],
    ],
    [['-a', '--filter', 'label=tier=web'], ['up']],
    [['-a', '--filter', 'label=tier=web', '--filter', 'name=down'], []],
    [['-a', '--filter', 'before=down'], ['up']],
    [['-a', '--filter', 'since=down'], ['fresh']],
    [['-a', '--filter', 'ancestor=host', '--filter', 'exited=3'], ['down']],
  ]
  for (const [args, names] of rows)
    t.strictSame(
      await lines('ps', ...args, '--format', '{{.Names}}'),
      names,
      `ps ${args.join(' ')}`,
    )
  t.equal(await ok('ps', '-q', '--no-trunc'), up)
  t.match(await ok('ps', '-as', '--filter', 'name=down'), /SIZE\n.* 0B \(virtual .*\)$/)
  t.match(
    await ok('ps', '-a', '--filter', 'name=down', '--format', '{{.Status}}'),
    /^Exited \(3\) .* ago$/,
  )
  t.match(JSON.parse(await ok('ps', '--format', 'json')), { Names: 'up', State: 'running' })
  t.match(
    await ok('ps', '--format', 'table {{.Names}}\t{{.Label "tier"}}'),
    /^NAMES +TIER\nup +web$/i,
  )
  t.match(await run('ps', '--filter', 'nosuch=1'), { exitCode: 125, stderr: /nosuch/ })
  t.match(await run('ps', '--format', '{{.Nosuch}}'), { exitCode: 125, stderr: /Nosuch/ })
})

t.test('inspect', async (t) => {
  const [document] = JSON.parse(await ok('inspect', 'up')) as { Id: string; State: object }[]
  t.match(document, {
    Name: '/up',
    Path: 'sleep',
    Args: ['1000'],
    State: { Status: 'running', Running: true, Paused: false, OOMKilled: false, ExitCode: 0 },
    Config: { Cmd: ['sleep', '1000'], Labels: { tier: 'web' } },
  })
  t.equal(JSON.parse(await ok('inspect', 'up', 'down')).length, 2)
  const pid = Number(await inspect('up', '.State.Pid'))
  t.ok(pid > 1)
  t.equal(await inspect('down', '.State.Pid'), 0)
  t.match(await run('inspect', 'up', 'nobody'), {
    exitCode: 125,
    stderr: /nobody/,
    stdout: /"up"|\/up/,
  })
  t.match(await run('inspect', '--format', '{{.No.Such}}', 'up'), { exitCode: 125 })
})

t.test('top, stats, port, diff', async (t) => {
  t.match(await ok('top', 'up'), /^USER +PID +PPID +C +STIME +TTY +TIME +CMD\n.* sleep 1000$/)
  t.match(await ok('top', 'up', '-o', 'pid,comm'), /^PID +COMMAND\n\d+ +sleep$/)
  const [header, row] = await lines('stats', '--no-stream', 'up')
  t.match(
    header,
    /^CONTAINER ID +NAME +CPU % +MEM USAGE \/ LIMIT +MEM % +NET I\/O +BLOCK I\/O +PIDS$/,
  )
  t.match(row, /^[0-9a-f]{12} +up +\d+\.\d+% .* 1$/)
  t.match(await run('top', 'down'), { exitCode: 1, stderr: /down/ })
  t.equal(await ok('port', 'up'), '')
  await ok('exec', 'up', 'sh', '-c', 'echo x > /tmp/new; mkdir /made; rm /etc/shells')
  const changes = (await ok('diff', 'up')).split('\n')
  for (const change of ['A /made', 'A /tmp/new', 'C /tmp', 'D /etc/shells'])
    t.ok(changes.includes(change), change)
})

t.test('events tell the whole life, whoever lived it', async (t) => {
  const since = new Date().toISOString()
  const follower = startCommand(
    ['events', '--format', '{{.Action}} {{.Actor.Attributes.name}}', '--filter', 'type=container'],
    bench,
  )
  follower.stdin.end()
  let followed = ''
  follower.stdout.on('data', (chunk: Buffer) => (followed += chunk.toString()))
  await waitUntil('the follower follows', async () => {
    await ok('rename', 'fresh', 'other')
    await ok('rename', 'other', 'fresh')
    return followed.includes('rename')
  })
  await detached('told', 'host', 'sh', '-c', 'read x; exit 5')
  await ok('wait', 'told')
  await ok('start', 'told')
  await ok('wait', 'told')
  await ok('rm', 'told')
  await run('run', '--rm', '--network', 'none', '--name', 'brief', 'host', 'sh', '-c', 'exit 6')
  await waitUntil('the last event', () => followed.includes('destroy brief\n'))
  follower.kill('SIGTERM')
  const [code] = (await once(follower, 'close')) as [number]
  t.equal(code, 0)
  const wanted = [
    'create told',
    'start told',
    'die told',
    'start told',
    'die told',
    'destroy told',
    'create brief',
    'start brief',
    'attach brief',
    'die brief',
    'destroy brief',
  ]
  t.strictSame(
    followed.split('\n').filter((line) => / (told|brief)$/.test(line)),
    wanted,
  )
  const past = ['events', '--since', since, '--until', '0s']
  t.strictSame(
    await lines(
      ...past,
      '--filter',
      'event=die',
      '--format',
      '{{.Actor.Attributes.name}} {{.Actor.Attributes.exitCode}}',
    ),
    ['told 5', 'told 5', 'brief 6'],
  )
  t.match(
    await ok(...past, '--filter', 'container=brief', '--filter', 'event=die'),
    / container die [0-9a-f]{64} \(.*exitCode=6.*name=brief.*\)$/,
  )
  const json = JSON.parse((await lines(...past, '--format', 'json')).at(-1) ?? '') as object
  t.match(json, { Type: 'container', Action: 'destroy', Actor: { Attributes: { name: 'brief' } } })
})

t.test('events of what happens in a container', async (t) => {
  const since = new Date().toISOString()
  const health = ['--health-cmd', 'test -e /tmp/well', '--health-interval', '1s']
  await detached('inner', '-m', '50m', ...health, '--health-retries', '1', 'host', 'sleep', '1000')
  await bench.waitFor('inner', '.State.Health.Status', 'unhealthy')
  await ok('exec', 'inner', 'touch', '/tmp/well')
  await bench.waitFor('inner', '.State.Health.Status', 'healthy')
  t.equal((await run('exec', 'inner', 'sh', '-c', 'exit 4')).exitCode, 4)
  t.equal((await run('exec', 'inner', 'tail', '/dev/zero')).exitCode, 137)
  await ok('rm', '-f', 'inner')
  const format = '{{.Action}} {{.Actor.Attributes.exitCode}}'
  const said = await lines('events', '--since', since, '--until', '0s', '--format', format)
  const told = said.map((line) => line.replace(' <no value>', ''))
  for (const event of [
    'health_status: unhealthy',
    'health_status: healthy',
    'exec_create: sh -c exit 4',
    'exec_start: sh -c exit 4',
    'exec_die 4',
    'exec_die 137',
    'oom',
  ])
    t.ok(told.includes(event), event)
  t.ok(told.indexOf('exec_die 4') > told.indexOf('exec_start: sh -c exit 4'))
})

t.test('the same names by `container`', async (t) => {
  t.equal(await ok('container', 'ls', '-q', '--no-trunc'), await ok('ps', '-q', '--no-trunc'))
  t.match(await run('container', 'rm', '-f', 'fresh'), { exitCode: 0 })
})

t.test('help needs no engine', async (t) => {
  for (const args of [['--help'], ['run', '--help'], ['ps', '--help'], ['network', '--help']])
    t.match(await runCommand(args, { root: '/proc/nowhere' }), { exitCode: 0, stdout: /^Usage:/ })
})
