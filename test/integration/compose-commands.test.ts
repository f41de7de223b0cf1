import { execFileSync } from 'node:child_process'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { runCommand, startCommand, waitUntil } from './command-line.ts'
import { stack, stays } from './compose-stack.ts'

// The commands beside up and down, and what is refused.

t.setTimeout(240_000)

t.test('run, logs, top, kill, rm, restart, pause, cp, images, ls, events', async (t) => {
  const { ok, compose, states, folder } = stack(
    t,
    `
services:
  web: {image: host, command: sh -c 'trap "exit 0" TERM; echo out; echo err >&2; while :; do sleep 0.1; done', depends_on: [db], ports: ["0:80"]}
  db: {image: host, command: ${stays}, volumes: [data:/data]}
volumes: {data: {}}
`,
  )
  const once = await compose(
    'run',
    '--rm',
    '-T',
    '-e',
    'X=1',
    'web',
    'sh',
    '-c',
    'echo one $X; exit 7',
  )
  t.match(once, { exitCode: 7, stdout: 'one 1\n' })
  t.strictSame(await states(), ['app-db-1 running'], 'only what it depends on')
  await ok('up', '-d')
  await waitUntil('web has written', async () => (await ok('logs', 'web')).includes('err'))
  t.match(await ok('logs', '--no-color', 'web', 'db'), /^db-1 {3}\| up$/m)
  t.match(await ok('logs', '--no-log-prefix', '-n', '1', 'web'), /^(?:out|err)\n$/)
  t.match(await ok('top', 'web'), /app-web-1\nUSER .*\n.*sleep/s)
  t.match(await ok('ls'), /^app +running\(2\) +\S+compose\.yaml$/m)
  t.match(await ok('images'), /^app-web-1 +host +[0-9a-f]{12}$/m)
  await ok('pause', 'db')
  t.match(await ok('ps', '--status', 'paused', '-q'), /^[0-9a-f]{64}\n$/)
  await ok('unpause', 'db')
  writeFileSync(join(folder, 'sent'), 'content')
  await ok('cp', 'sent', 'web:/tmp/got')
  t.equal(await ok('exec', '-T', 'web', 'cat', '/tmp/got'), 'content')
  t.match(await ok('commit', '-m', 'sent', 'web', 'sent:1'), /^sha256:[0-9a-f]{64}\n$/)
  await ok('export', '-o', 'web.tar', 'web')
  t.match(execFileSync('tar', ['-tf', join(folder, 'web.tar')], { encoding: 'utf8' }), 'tmp/got')
  t.match(await ok('volumes'), /^local +app_data$/m)
  t.equal(await ok('volumes', '-q', 'db'), 'app_data\n')
  t.match(await compose('attach', 'nobody'), { exitCode: 1 })
  await ok('restart', '-t', '1', 'web')
  await ok('kill', 'db')
  await waitUntil('db is dead', async () => (await states()).includes('app-db-1 exited'))
  await ok('rm', '-f')
  t.strictSame(await states(), ['app-web-1 running'])
  await ok('stop', '-t', '1')
  await ok('start')
  t.strictSame(await states(), ['app-web-1 running'])
})

t.test('up in the foreground: output, exit codes, Ctrl-C', async (t) => {
  const { compose, write, states, bench, folder } = stack(
    t,
    `services: {a: {image: host, command: "echo hello"}, b: {image: host, command: sh -c "exit 0"}}`,
  )
  const ended = await compose('up')
  t.match(ended, { exitCode: 0, stdout: /a-1 {2}\| hello\n/ })
  write(
    `services: {a: {image: host, command: sh -c "sleep 0.2; exit 5"}, b: {image: host, command: ${stays}}}`,
  )
  const first = await compose('up', '--abort-on-container-exit')
  t.equal(first.exitCode, 5)
  t.strictSame(await states(), ['app-a-1 exited', 'app-b-1 exited'])
  const from = await compose('up', '--exit-code-from', 'a')
  t.equal(from.exitCode, 5)

  const args = ['compose', '-p', 'app', 'up', 'b']
  const child = startCommand(args, { root: bench.root, cwd: folder })
  let output = ''
  child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()))
  child.stderr.resume()
  const closed = new Promise<number | null>((resolve) => child.on('close', resolve))
  await waitUntil('its output is shown', () => output.includes('b-1  | up'))
  child.kill('SIGINT')
  t.equal(await closed, 130)
  t.strictSame(await states(), ['app-a-1 exited', 'app-b-1 exited'])
})

t.test('orphans, dry runs, projects without their files', async (t) => {
  const { ok, compose, write, states, folder, bench } = stack(
    t,
    `services: {a: {image: host, command: ${stays}}, b: {image: host, command: ${stays}}}`,
  )
  const dry = await compose('--dry-run', 'up', '-d')
  t.match(dry, { exitCode: 0, stdout: /^mycontainer create .*--name app-a-1 /m })
  t.strictSame(await states(), [])
  await ok('up', '-d')
  write(`services: {a: {image: host, command: ${stays}}}`)
  t.match((await compose('up', '-d')).stderr, /orphan containers \(app-b-1\)/)
  t.equal((await states()).length, 2)
  await ok('up', '-d', '--remove-orphans')
  t.strictSame(await states(), ['app-a-1 running'])
  const elsewhere = { root: bench.root, cwd: bench.folder }
  const named = await runCommand(['compose', '-p', 'app', 'down'], elsewhere)
  t.equal(named.exitCode, 0, named.stderr)
  t.equal(await bench.ok('ps', '-aq'), '')
  t.ok(folder)
})

t.test('hooks are executed after the start and before the stop', async (t) => {
  const hooks = (last: string): string => `
services:
  web:
    image: host
    command: ${stays}
    post_start: [{command: [sh, -c, "echo began $$WHO; pwd"], environment: [WHO=me], working_dir: /etc}]
    pre_stop: [{command: [sh, -c, "${last}"]}]
    volumes: ["fast:/fast"]
volumes: {fast: {driver: tmpfs, driver_opts: {o: size=1m}}}
`
  const { compose, ok, write } = stack(t, hooks('echo ends'))
  t.equal(await ok('up', '-d'), 'began me\n/etc\n')
  t.match(await ok('exec', '-T', 'web', 'grep', ' /fast ', '/proc/mounts'), /tmpfs .*size=1024k/)
  t.equal(await ok('restart', '-t', '0'), 'ends\nbegan me\n/etc\n')
  t.equal(await ok('stop', '-t', '0'), 'ends\n')
  t.equal(await ok('start'), 'began me\n/etc\n')
  write(hooks('exit 4'))
  t.match(await compose('down', '-t', '0'), { exitCode: 1, stderr: /hook exited with status 4/ })
  write(hooks('true'))
  await ok('down', '-v', '-t', '0')
})

t.test('build, and watch that copies files and builds again', async (t) => {
  const { compose, ok, write, folder, bench } = stack(
    t,
    `
services:
  web:
    build: {context: ., args: {GREETING: hello}}
    command: sh -c 'trap "exit 0" TERM; while :; do sleep 0.1; done'
    develop:
      watch:
        - {path: src, action: sync, target: /src, ignore: [skipped]}
        - {path: Dockerfile, action: rebuild}
`,
  )
  const dockerfile = (greeting: string): string =>
    `FROM host\nARG GREETING\nCOPY src /src\nRUN echo "$GREETING ${greeting}" > /greeting\n`
  write(dockerfile('one'), 'Dockerfile')
  mkdirSync(join(folder, 'src'))
  writeFileSync(join(folder, 'src/file'), 'first')
  await bench.ok('run', '--rm', 'host', 'true')
  await ok('build')
  await ok('up', '-d')
  t.equal(await ok('exec', '-T', 'web', 'cat', '/greeting', '/src/file'), 'hello one\nfirst')

  const child = startCommand(['compose', '-p', 'app', 'watch', '--no-up'], {
    root: bench.root,
    cwd: folder,
  })
  t.teardown(() => child.kill('SIGKILL'))
  let told = ''
  child.stdout.resume()
  child.stderr.on('data', (chunk: Buffer) => (told += chunk.toString()))
  await waitUntil('it watches', () => told.includes('Watch enabled'))
  writeFileSync(join(folder, 'src/skipped'), '')
  writeFileSync(join(folder, 'src/file'), 'second')
  await waitUntil(
    'the change is in the container',
    async () => (await ok('exec', '-T', 'web', 'cat', '/src/file')) === 'second',
  )
  t.not((await compose('exec', '-T', 'web', 'test', '-e', '/src/skipped')).exitCode, 0)
  write(dockerfile('two'), 'Dockerfile')
  await waitUntil('the new image runs', async () => {
    const { stdout } = await compose('exec', '-T', 'web', 'cat', '/greeting')
    return stdout === 'hello two\n'
  })
  const closed = new Promise((resolve) => child.on('close', resolve))
  child.kill('SIGINT')
  await closed
})

const mistakes: [string, string, string[], RegExp][] = [
  ['an unknown service', 'services: {a: {image: host}}', ['up', 'nope'], /no such service: nope/],
  [
    'an unknown command',
    'services: {a: {image: host}}',
    ['upp'],
    /Did you mean 'mycontainer compose up'/,
  ],
  [
    'a missing image',
    'services: {a: {image: nope.invalid/x, pull_policy: never}}',
    ['up', '-d'],
    /no such image/,
  ],
  ['a bad flag value', 'services: {a: {image: host, mem_limit: lots}}', ['up', '-d'], /lots/],
  [
    'a network that is not there',
    'services: {a: {image: host}}\nnetworks: {default: {external: true, name: nope}}',
    ['up', '-d'],
    /network nope declared as external/,
  ],
  [
    'a service that does not run',
    'services: {a: {image: host}}',
    ['exec', 'a', 'true'],
    /is not running/,
  ],
]

for (const [title, text, args, wanted] of mistakes)
  t.test(`refused: ${title}`, async (t) => {
    const { compose, states } = stack(t, text)
    const { exitCode, stderr } = await compose(...args)
    t.not(exitCode, 0)
    t.match(stderr, wanted)
    t.notMatch(stderr, /\n\s+at /, 'no stack trace')
    t.strictSame(await states(), [], 'nothing was made')
  })
