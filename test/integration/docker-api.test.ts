import { once } from 'node:events'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { type IncomingMessage, request } from 'node:http'
import { connect } from 'node:net'
import { join } from 'node:path'
import type { Duplex } from 'node:stream'
import { text } from 'node:stream/consumers'
import t from 'tap'
import { WebSocket, createWebSocketStream } from 'ws'
import { waitUntil } from './command-line.ts'
import { dockerBench } from './docker-bench.ts'

// The docker command and docker-compose, as they come, on our socket.

t.setTimeout(120_000)

t.test('the docker command runs, executes, shows and removes', async (t) => {
  const { docker, good } = await dockerBench(t)
  t.equal(await good('run', '--rm', 'box', 'echo', 'hi'), 'hi')
  const piped = await docker(['run', '--rm', '-i', 'box', 'tr', 'a-z', 'A-Z'], 'from a pipe')
  t.equal(piped.stdout, 'FROM A PIPE')
  const failed = await docker(['run', '--rm', 'box', 'sh', '-c', 'echo out; echo err >&2; exit 7'])
  t.match(failed, { exitCode: 7, stdout: 'out\n', stderr: 'err\n' })
  t.equal((await docker(['run', '--rm', 'box', 'no-such-program'])).exitCode, 127)
  t.equal((await docker(['run', '--rm', '-t', 'box', 'stty', 'size'])).exitCode, 0, 'a terminal')
  t.equal(await good('ps', '-aq'), '', '--rm leaves nothing, also after a start that failed')
  await good(
    'run',
    '-d',
    '--name',
    'one',
    '-e',
    'A=b',
    '-m',
    '64m',
    '-v',
    'vol:/data',
    'box',
    'sleep',
    '100',
  )
  t.equal(await good('ps', '--format', '{{.Names}} {{.Image}}'), 'one box')
  t.match(await docker(['exec', 'one', 'sh', '-c', 'echo $A; exit 3']), {
    exitCode: 3,
    stdout: 'b\n',
  })
  t.equal((await docker(['exec', '-i', 'one', 'cat'], 'in')).stdout, 'in')
  t.equal((await docker(['exec', 'one', 'no-such-program'])).exitCode, 127)
  await good('exec', '-d', 'one', 'touch', '/tmp/made')
  t.match(await good('diff', 'one'), 'A /tmp/made')
  t.equal(
    await good('inspect', '-f', '{{.HostConfig.Memory}} {{.State.Status}}', 'one'),
    `${64 << 20} running`,
  )
  t.match(await good('top', 'one'), 'sleep 100')
  t.match(
    await good('stats', '--no-stream', '--format', '{{.Name}} {{.MemUsage}}', 'one'),
    /^one .* \/ 64MiB$/,
  )
  await good('pause', 'one')
  t.match(await good('ps', '--format', '{{.Status}}'), 'Paused')
  await good('unpause', 'one')
  await good('rename', 'one', 'two')
  await good('update', '-m', '96m', '--memory-swap', '192m', 'two')
  await good('restart', '-t', '0', 'two')
  await good('stop', '-t', '0', 'two')
  t.equal(await good('wait', 'two'), '137')
  t.equal(await good('inspect', '-f', '{{.HostConfig.Memory}}', 'two'), String(96 << 20))
  await good('rm', 'two')
  await good('volume', 'rm', 'vol')
  t.match((await docker(['inspect', 'two'])).stderr, 'No such object')
})

t.test('logs, files, events and a detached terminal', async (t) => {
  const { docker, good, call, folder } = await dockerBench(t)
  const lines = 'for i in 1 2 3; do echo $i; echo e$i >&2; done'
  await good('run', '--name', 'log', 'box', 'sh', '-c', lines)
  t.match(await docker(['logs', 'log']), { stdout: '1\n2\n3\n', stderr: 'e1\ne2\ne3\n' })
  t.equal(
    (await docker(['logs', '-f', 'log'])).stdout,
    '1\n2\n3\n',
    'follow ends with the container',
  )
  t.equal((await docker(['logs', '--tail', '0', 'log'])).stdout, '')
  t.match(await good('logs', '-t', 'log'), /^\d{4}-\d\d-\d\dT[\d:.]+Z 1$/m)
  const raw = await call('GET', '/v1.41/containers/log/logs?stdout=1&tail=10')
  t.equal(raw.body.slice(0, 10), '\u0001\0\0\0\0\0\0\u00021\n', 'framed')
  writeFileSync(join(folder, 'given'), 'given')
  await good('cp', join(folder, 'given'), 'log:/tmp/there')
  await good('cp', 'log:/tmp/there', join(folder, 'back'))
  t.equal(readFileSync(join(folder, 'back'), 'utf8'), 'given')
  t.equal((await docker(['start', '-a', 'log'])).stdout, '1\n2\n3\n')
  const since = Math.floor(Date.now() / 1000) - 60
  const until = Math.ceil(Date.now() / 1000)
  const events = await call('GET', `/events?since=${since}&until=${until}`)
  t.match(events.body, /"Action":"die"/)
  await good('rm', 'log')
})

t.test('images are built, tagged, saved, loaded and removed', async (t) => {
  const { docker, good, folder } = await dockerBench(t)
  const context = join(folder, 'context')
  mkdirSync(context)
  writeFileSync(
    join(context, 'Dockerfile'),
    'FROM box\nARG WORD\nCOPY a /a\nRUN echo $WORD > /b\nCMD ["cat","/a","/b"]\n',
  )
  writeFileSync(join(context, 'a'), 'copied\n')
  t.match(
    await good('build', '-t', 'app:1', '--build-arg', 'WORD=said', context),
    /Successfully tagged app:1/,
  )
  t.equal(await good('run', '--rm', 'app:1'), 'copied\nsaid')
  t.match(await good('history', '--no-trunc', 'app:1'), 'COPY a /a')
  t.equal(
    await good('image', 'inspect', '-f', '{{json .Config.Cmd}}', 'app:1'),
    '["cat","/a","/b"]',
  )
  await good('tag', 'app:1', 'app:2')
  await good('save', '-o', join(folder, 'app.tar'), 'app:1')
  await good('rmi', 'app:1', 'app:2')
  t.match(await good('load', '-i', join(folder, 'app.tar')), 'Loaded image: app:1')
  t.equal(
    await good('images', '-q', '--filter', 'reference=app').then((ids) => ids.split('\n').length),
    1,
  )
  writeFileSync(join(context, 'Dockerfile'), 'FROM box\nRUN false\n')
  t.not((await docker(['build', context])).exitCode, 0)
  t.match(await docker(['run', '--rm', '--pull', 'never', 'not-here']), {
    exitCode: 125,
    stderr: /No such image/,
  })
})

t.test('a container becomes an image and an archive; there is no swarm', async (t) => {
  const { good, docker, folder } = await dockerBench(t)
  await good('run', '--name', 'made', '--network', 'none', 'box', 'sh', '-c', 'echo hi > /x')
  await good('commit', '-a', 'me', '-c', 'CMD ["cat", "/x"]', 'made', 'made:1')
  t.equal(await good('run', '--rm', '--network', 'none', 'made:1'), 'hi')
  t.equal((await docker(['commit', 'nobody'])).exitCode, 1)
  t.match((await docker(['secret', 'ls'])).stderr, /not a swarm manager/)
  const archive = join(folder, 'made.tar')
  await good('export', '-o', archive, 'made')
  t.ok(readFileSync(archive).includes('hi'))
})

t.test('a running container comes into networks and leaves them', async (t) => {
  const { good, docker } = await dockerBench(t)
  await good(
    'network',
    'create',
    '--subnet',
    '10.207.1.0/24',
    '--ip-range',
    '10.207.1.64/28',
    '--aux-address',
    'router=10.207.1.65',
    'one',
  )
  await good('network', 'create', '--ipv6', '--subnet', 'fd07::/64', 'two')
  const id = await good('run', '-d', '--name', 'web', '--network', 'one', 'box', 'sleep', '100')
  await good('network', 'connect', '--alias', 'www', '--ip6', 'fd07::77', 'two', 'web')
  t.equal(await good('exec', 'web', 'ls', '/sys/class/net'), 'eth0\neth1\nlo')
  const field = (name: string): string => `{{range .NetworkSettings.Networks}}{{.${name}}},{{end}}`
  t.match(await good('inspect', '-f', field('IPAddress'), 'web'), /^10\.207\.1\.64,10\./)
  t.match(
    await good('network', 'inspect', '-f', '{{json .IPAM.Config}}', 'one'),
    /"AuxiliaryAddresses":\{"router":"10\.207\.1\.65"\}/,
  )
  t.match(await good('inspect', '-f', field('GlobalIPv6Address'), id), ',fd07::77,')
  t.match(await good('network', 'inspect', '-f', '{{json .Containers}}', 'two'), id)
  const again = await docker(['network', 'connect', 'two', 'web'])
  t.match(again, { exitCode: 1, stderr: /endpoint with name web already exists in network two/ })
  t.equal((await docker(['network', 'rm', 'two'])).exitCode, 1)
  await good('network', 'disconnect', 'two', 'web')
  t.equal(await good('exec', 'web', 'ls', '/sys/class/net'), 'eth0\nlo')
  t.match(await docker(['network', 'disconnect', 'two', 'web']), { stderr: /is not connected to/ })
  t.match(await docker(['network', 'connect', 'host', 'web']), { stderr: /host network/ })
  await good('network', 'rm', 'two')
})

t.test('docker-compose brings a project up, and down', async (t) => {
  const { compose, good, folder } = await dockerBench(t)
  const project = join(folder, 'project')
  mkdirSync(project)
  writeFileSync(join(project, 'docker-compose.yml'), composeFile)
  t.match(await compose(project, 'up', '-d'), { exitCode: 0 })
  t.match(await compose(project, 'exec', '-T', 'web', 'cat', '/data/made'), { stdout: 'made\n' })
  t.equal(await good('ps', '-q').then((ids) => ids.split('\n').length), 2)
  t.match(await good('network', 'inspect', '-f', '{{len .Containers}}', 'stack_front'), '2')
  t.match((await compose(project, 'logs', '--no-color')).stdout, /web_1 .* up/)
  t.match(await compose(project, 'down', '-v', '-t', '0'), { exitCode: 0 })
  t.equal(await good('ps', '-aq'), '')
  t.equal(await good('volume', 'ls', '-q'), '')
})

const composeFile = `version: "3"
services:
  web:
    image: box
    command: ["sh", "-c", "echo up; echo made > /data/made; exec sleep 100"]
    networks: [front, back]
    volumes: ["data:/data"]
  other:
    image: box
    command: ["sleep", "100"]
    depends_on: [web]
    networks: [front]
networks: {front: {}, back: {}}
volumes: {data: {}}
`

t.test('what the API says', async (t) => {
  const { call, good, socket } = await dockerBench(t)
  await good('run', '-d', '--name', 'up', 'box', 'sleep', '100')
  const rows = [
    ['GET', '/_ping', 200],
    ['GET', '/v1.24/version', 200],
    ['GET', '/v1.99/version', 400],
    ['GET', '/v1.12/version', 400],
    ['GET', '/nothing', 404],
    ['GET', '/containers/nobody/json', 404],
    ['GET', '/containers/up/logs', 400],
    ['GET', '/containers/json?filters=%7B', 400],
    ['POST', '/containers/up/start', 304],
    ['POST', '/containers/nobody/start', 404],
    ['POST', '/exec/nobody/start', 404],
    ['DELETE', '/containers/up', 409],
    ['GET', '/networks/nothing', 404],
    ['GET', '/volumes/nothing', 404],
    ['GET', '/images/nothing/json', 404],
    ['POST', '/build?version=2', 501],
  ] as const
  for (const [method, path, status] of rows)
    t.equal((await call(method, path)).status, status, `${method} ${path}`)
  const bodies = [
    [{}, 400],
    [{ Image: 'nothing' }, 404],
    [{ Image: 7 }, 400],
    [{ Image: 'box', Cmd: { a: 1 } }, 400],
    [{ Image: 'box', HostConfig: { Binds: ['relative'] } }, 400],
    [{ Image: 'box', HostConfig: { PortBindings: { x: [{ HostPort: 'y' }] } } }, 400],
  ] as const
  for (const [body, status] of bodies)
    t.equal((await call('POST', '/containers/create', body)).status, status, JSON.stringify(body))
  t.match(JSON.parse((await call('GET', '/containers/nobody/json')).body), {
    message: 'No such container: nobody',
  })
  t.equal((await call('GET', '/_ping')).headers['api-version'], '1.44')
  const garbage = connect(socket)
  garbage.end('\0\u0001 nonsense\r\n\r\n')
  await once(garbage.resume(), 'close')
  t.equal((await call('GET', '/_ping')).status, 200, 'still there after garbage')
  await good('rm', '-f', 'up')
})

t.test('what libraries rely on', async (t) => {
  const { call, good, socket, folder } = await dockerBench(t)
  const made = async (body: object): Promise<string> => {
    const answer = await call('POST', '/containers/create', { Image: 'box', ...body })
    return (JSON.parse(answer.body) as { Id: string }).Id
  }
  const quick = await made({ Cmd: ['sh', '-c', 'exit 5'], HostConfig: { AutoRemove: true } })
  const removed = call('POST', `/containers/${quick}/wait?condition=removed`)
  await call('POST', `/containers/${quick}/start`)
  t.same(JSON.parse((await removed).body), { StatusCode: 5 })
  const late = await call('POST', `/containers/${quick}/wait`)
  t.same(JSON.parse(late.body), { StatusCode: 5 }, 'asked for when it has removed itself')
  t.equal((await call('POST', `/containers/${'0'.repeat(64)}/wait`)).status, 404)

  const since = Date.now() / 1000
  const typed = await made({ Cmd: ['sh', '-c', 'read x; echo got $x'], OpenStdin: true })
  t.equal((await call('GET', `/containers/${typed}/attach/ws`)).status, 400, 'no upgrade')
  const reach = (path: string): Duplex =>
    createWebSocketStream(new WebSocket(`ws+unix://${socket}:/containers/${path}`, []))
  const client = reach(`${typed}/attach/ws?stream=1&stdin=1&stdout=1`)
  client.write('abc\n')
  await waitUntil('the attachment', async () =>
    (await call('GET', `/events?since=${since}&until=${Date.now() / 1000}`)).body.includes(
      '"attach"',
    ),
  )
  await call('POST', `/containers/${typed}/start`)
  const said = await text(client)
  t.equal(said, 'got abc\n', 'attached over a WebSocket, without frames')
  t.match(await once(reach('nobody/attach/ws'), 'error'), [{ message: /404/ }])

  await made({ Cmd: ['true'] }).then(async (id) =>
    call('POST', `/containers/${id}/rename?name=dup`),
  )
  const twice = await call('POST', '/containers/create?name=dup', { Image: 'box' })
  t.match(twice, { status: 409, body: /container name \\"\/dup\\" is already in use/ })

  const images = encodeURIComponent('{"type":["image"]}')
  await good('tag', 'box', 'box:2')
  await good('save', '-o', join(folder, 'box.tar'), 'box:2')
  await good('rmi', 'box:2')
  await good('load', '-i', join(folder, 'box.tar'))
  const seen = await call(
    'GET',
    `/events?since=${since}&until=${Date.now() / 1000}&filters=${images}`,
  )
  const actions = seen.body
    .trim()
    .split('\n')
    .map((line) => (JSON.parse(line) as { Action: string }).Action)
  t.same(actions, ['tag', 'save', 'untag', 'load'])
  t.match(seen.body, /"name":"box:2"/)

  const rows = [
    ['GET', '/plugins', 200],
    ['GET', '/services', 503],
    ['POST', '/session', 501],
    ['POST', '/grpc', 501],
    ['POST', '/build/prune', 200],
    ['GET', '/images/json?filters={"bogus":["1"]}', 400],
    ['GET', '/volumes?filters={"bogus":["1"]}', 400],
    ['GET', '/networks?filters={"bogus":["1"]}', 400],
    ['GET', '/networks?filters={"dangling":["true"]}', 200],
    ['POST', '/images/create?fromImage=127.0.0.1:1/nope&tag=1', 500],
  ] as const
  for (const [method, path, status] of rows)
    t.equal((await call(method, path)).status, status, `${method} ${path}`)
  const login = { username: 'a', password: 'b', serveraddress: '127.0.0.1:1' }
  t.equal((await call('POST', '/auth', login)).status, 500, 'nobody to ask')
})

t.test('containers outlive the server, and clients that go hold nothing up', async (t) => {
  const { good, call, socket, killServer, ok, inspect } = await dockerBench(t)
  await good('run', '-d', '--name', 'stays', 'box', 'sleep', '100')
  await good('run', '-d', '--name', 'loud', 'box', 'yes')
  const reader = request({
    socketPath: socket,
    method: 'POST',
    path: '/containers/loud/attach?stream=1&stdout=1',
  })
  reader.on('error', () => undefined).end()
  const [answer] = (await once(reader, 'response')) as [IncomingMessage]
  await once(answer, 'readable')
  t.equal((await call('GET', '/_ping')).status, 200, 'a reader that is slow holds nobody up')
  answer.on('error', () => undefined).destroy()
  await good('rm', '-f', 'loud')
  await killServer()
  t.equal(await inspect('stays', '.State.Status'), 'running')
  await ok('rm', '-f', 'stays')
})
