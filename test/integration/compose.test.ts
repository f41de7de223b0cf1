import { readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { stack, stays } from './compose-stack.ts'

// What `compose up` makes of a file, and when it makes it anew.

t.setTimeout(240_000)

t.test('up makes what is missing, and only what changed is made anew', async (t) => {
  const file = (greeting: string): string => `
services:
  web:
    image: host
    command: ${stays}
    environment: {GREETING: ${greeting}}
    volumes: [data:/data, /anonymous]
    depends_on: [db]
  db:
    image: host
    command: ${stays}
volumes: {data: }
`
  const { ok, compose, write, states, idOf, bench } = stack(t, file('one'))
  await ok('up', '-d')
  t.strictSame(await states(), ['app-db-1 running', 'app-web-1 running'])
  await ok('exec', '-T', 'web', 'sh', '-c', 'echo kept > /data/file; echo too > /anonymous/file')
  const [web, db] = [await idOf('app-web-1'), await idOf('app-db-1')]

  const again = await compose('up', '-d')
  t.match(again.stderr, /app-web-1 {2}Running/)
  t.equal(await idOf('app-web-1'), web, 'nothing changed: the same container')

  write(file('two'))
  const changed = await compose('up', '-d')
  t.match(changed.stderr, /app-web-1 {2}Recreated/)
  t.not(await idOf('app-web-1'), web)
  t.equal(await idOf('app-db-1'), db)
  const inside = await ok(
    'exec',
    '-T',
    'web',
    'sh',
    '-c',
    'echo $GREETING; cat /data/file /anonymous/file',
  )
  t.equal(inside, 'two\nkept\ntoo\n', 'volumes stay, those without a name too')

  await ok('up', '-d', '--force-recreate', '-V', 'web')
  const renewed = await compose('exec', '-T', 'web', 'cat', '/anonymous/file')
  t.equal(renewed.exitCode, 1)

  await ok('up', '-d', '--scale', 'web=3')
  t.equal((await states()).length, 4)
  await ok('scale', 'web=1')
  t.strictSame(await states(), ['app-db-1 running', 'app-web-1 running'])

  const before = await bench.ok('network', 'ls', '--format', '{{.Name}}')
  t.match(before, /^app_default$/m)
  await ok('down')
  t.strictSame(await states(), [])
  t.notMatch(await bench.ok('network', 'ls', '--format', '{{.Name}}'), /app_/)
  t.match(await bench.ok('volume', 'ls', '-q'), /^app_data$/m, 'volumes with names stay')
  await ok('down', '-v')
  t.notMatch(await bench.ok('volume', 'ls', '-q'), /app_/)
})

t.test('what a new configuration cannot be made of leaves the old container', async (t) => {
  const { ok, compose, write, idOf, states } = stack(
    t,
    `services: {web: {image: host, command: ${stays}}}`,
  )
  await ok('up', '-d')
  const id = await idOf('app-web-1')
  write(
    `services: {web: {image: host, command: ${stays}, volumes: [{type: bind, source: ./no, target: /x}]}}`,
  )
  const broken = await compose('up', '-d')
  t.equal(broken.exitCode === 0, false)
  t.notMatch(broken.stderr, /\n\s+at /, 'no stack trace')
  t.equal(await idOf('app-web-1'), id)
  t.strictSame(await states(), ['app-web-1 running'])
})

t.test('dependencies: healthy, completed, failed, and side by side', async (t) => {
  const check = '{test: test -e /tmp/ready, interval: 100ms}'
  const { ok, compose, write, states, bench } = stack(
    t,
    `
services:
  web:
    image: host
    command: sh -c 'date +%s%N > /out/web; exec sleep 1000'
    stop_signal: KILL
    volumes: [out:/out]
    depends_on:
      db: {condition: service_healthy}
      setup: {condition: service_completed_successfully}
  db:
    image: host
    command: sh -c 'sleep 0.3; date +%s%N > /out/db; touch /tmp/ready; exec sleep 1000'
    stop_signal: KILL
    volumes: [out:/out]
    healthcheck: ${check}
  setup:
    image: host
    command: sh -c 'sleep 0.2; date +%s%N > /out/setup'
    volumes: [out:/out]
volumes: {out: }
`,
  )
  await ok('up', '-d', '--wait')
  const times = (
    await ok('exec', '-T', 'web', 'sh', '-c', 'cat /out/db /out/setup /out/web')
  ).split('\n')
  t.ok(BigInt(times[2] ?? 0) > BigInt(times[0] ?? 0), 'after the database was healthy')
  t.ok(BigInt(times[2] ?? 0) > BigInt(times[1] ?? 0), 'after the set-up had ended')
  t.strictSame(await states(), ['app-db-1 running', 'app-setup-1 exited', 'app-web-1 running'])
  await ok('down', '-v', '-t', '0')

  write(`
services:
  web: {image: host, command: ${stays}, depends_on: {setup: {condition: service_completed_successfully}}}
  setup: {image: host, command: sh -c "exit 4"}
`)
  const failed = await compose('up', '-d')
  t.equal(failed.exitCode, 1)
  t.match(failed.stderr, /didn't complete successfully: exit 4/)
  t.strictSame(await states(), ['app-setup-1 exited'])
  await ok('down')

  write(
    `services: {web: {image: host, command: ${stays}, healthcheck: {test: "false", interval: 50ms, retries: 2}}}`,
  )
  const sick = await compose('up', '-d', '--wait')
  t.equal(sick.exitCode, 1)
  t.match(sick.stderr, /app-web-1 is unhealthy/)
  t.match(await bench.inspect('app-web-1', '.State.Status'), 'running')
})

t.test('names, aliases, links, ports, secrets and configs', async (t) => {
  const { ok, folder, bench } = stack(
    t,
    `
services:
  web:
    image: host
    command: ${stays}
    links: [db:database]
    ports: [80]
    networks: {front: {aliases: [www]}, back: }
    env_file: [{path: web.env}, {path: missing.env, required: false}]
    environment: [FROM_CALLER]
    secrets: [file, {source: variable, target: other, uid: "1000", mode: "0400"}]
    configs: [{source: text, target: /etc/app.conf}]
  db: {image: host, command: ${stays}, networks: [back], container_name: the-db}
networks: {front: , back: {internal: true}}
secrets: {file: {file: ./secret}, variable: {environment: TOKEN}}
configs: {text: {content: "level \${LEVEL:-low}"}}
`,
    { TOKEN: 'token', FROM_CALLER: 'caller', LEVEL: 'high' },
  )
  writeFileSync(join(folder, 'secret'), 'first')
  writeFileSync(join(folder, 'web.env'), 'A="x y"\n')
  await ok('up', '-d')
  const inside = (script: string, service = 'web') => ok('exec', '-T', service, 'sh', '-c', script)
  for (const name of ['db', 'database', 'the-db'])
    t.match(await inside(`getent hosts ${name}`), /^[\d.]+/, name)
  t.match(await inside('getent hosts web', 'db'), /^[\d.]+/)
  t.equal(await inside('echo $A $FROM_CALLER'), 'x y caller\n')
  t.equal(
    await inside('cat /run/secrets/file /run/secrets/other /etc/app.conf'),
    'firsttokenlevel high',
  )
  t.equal(await inside('stat -c "%u %a" /run/secrets/other'), '1000 400\n')
  t.match(await ok('port', 'web', '80'), /^0\.0\.0\.0:\d+\n$/)
  t.match(await ok('ps', '--services'), 'db\nweb\n')
  await ok('down')
  t.strictSame(readdirSync(join(bench.root, 'data/compose')), [], 'no secret stays')
})
