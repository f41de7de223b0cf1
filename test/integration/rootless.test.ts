import { execFileSync, spawnSync } from 'node:child_process'
import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { existsSync, readFileSync, readdirSync, statSync, writeFileSync } from 'node:fs'
import { type AddressInfo, connect, createServer } from 'node:net'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { waitUntil } from './command-line.ts'
import { type OrdinaryUser, ordinaryUser } from './ordinary-user.ts'

// Needs root, to make the users; everything else is done as them.

t.setTimeout(300_000)

const ranged = ordinaryUser(t, true)
const single = ordinaryUser(t, false)
const users: readonly (readonly [title: string, user: OrdinaryUser])[] = [
  ['with subordinate ids', ranged],
  ['with a single id', single],
]
const quiet = ['run', '--rm', '--network', 'none']

/** Processes inside the user's namespaces, as the launcher left them. */
function members({ runDir }: OrdinaryUser): number[] {
  const lines = readFileSync(join(runDir, 'userns'), 'utf8').trimEnd().split('\n')
  return lines.map((line) => Number(line.split(' ')[0])).filter((pid) => existsSync(`/proc/${pid}`))
}

/** Folders of containers, names and leases that are left. */
function leftovers({ dataDir, runDir }: OrdinaryUser): string[] {
  const folders = ['containers', 'names'].map((name) => join(dataDir, name))
  const leases = join(runDir, 'networks/bridge/leases')
  return [...folders, leases]
    .filter((folder) => existsSync(folder))
    .flatMap((folder) => readdirSync(folder).map((name) => join(folder, name)))
    .filter((path) => !path.endsWith('.lock'))
}

for (const [title, user] of users)
  t.test(`an ordinary user ${title}`, async (t) => {
    await t.test('runs programs, and nothing is left', async (t) => {
      const { exitCode, stdout, stderr } = await user.run(
        ...quiet,
        'host',
        'sh',
        '-c',
        'id; exit 7',
      )
      t.equal(exitCode, 7, stderr)
      t.equal(stdout, 'uid=0(root) gid=0(root) groups=0(root)\n')
      t.strictSame(leftovers(user), [])
      await waitUntil('nobody stays in the namespaces', () => members(user).length === 0)
    })
    await t.test('has a terminal', async (t) => {
      const script = `script -qec "mycontainer run --rm -it --network none host sh -c 'tty; stty size'" /dev/null </dev/null`
      const { stdout } = await user.shell(`stty() { :; }; ${script}`)
      t.match(stdout, /\/dev\/pts\/\d+\r?\n/)
    })
    await t.test('keeps a container in the background, whole life', async (t) => wholeLife(t, user))
    await t.test('starts containers at once, in one user namespace', async (t) => atOnce(t, user))
    await t.test('has its containers reach one another', async (t) => reachOneAnother(t, user))
    // The same whatever ids there are.
    if (user === ranged) await t.test('publishes ports', async (t) => publishPorts(t, user))
    await t.test('owns on the host what root makes inside', async (t) => ownFiles(t, user))
    await t.test('is told what cannot be had', async (t) => refusals(t, user))
    await t.test('is told where no folder is', async (t) => {
      const { exitCode, stderr } = await user.shell('HOME= XDG_DATA_HOME= mycontainer ps')
      t.equal(exitCode, 125)
      t.match(stderr, /HOME/)
    })
    await t.test('gets no descriptor of ours for one that it lacks', async (t) => {
      const preserve = ['run', '--rm', '--network', 'none', '--preserve-fds', '1', 'host', 'true']
      t.match(await user.run(...preserve), { exitCode: 125, stderr: /descriptors 3 to 3/ })
    })
    await t.test('finds the truth in doctor', async (t) => {
      const { stdout } = await user.run('doctor')
      const hasRange = /ok +\/etc\/subuid/.test(stdout)
      t.equal(hasRange, user === ranged)
      t.match(stdout, /own groups/)
    })
    await t.test('leaves nothing', async (t) => {
      t.strictSame(leftovers(user), [])
      await waitUntil('nobody stays in the namespaces', () => members(user).length === 0)
      t.equal(existsSync(`/tmp/mycontainer-run-${user.uid}`), false)
    })
  })

async function wholeLife(t: Test, user: OrdinaryUser): Promise<void> {
  const script = 'echo started; trap "exit 3" TERM; while :; do sleep 0.1; done'
  await user.ok('run', '-d', '--name', 'life', '--network', 'none', 'host', 'sh', '-c', script)
  t.match(await user.ok('ps', '--format', '{{.Names}} {{.Status}}'), /^life Up/)
  await waitUntil('it has written', async () => (await user.ok('logs', 'life')) === 'started')
  t.equal(await user.ok('exec', 'life', 'cat', '/proc/1/comm'), 'sh')
  t.equal((await user.run('exec', 'life', 'sh', '-c', 'exit 9')).exitCode, 9)
  t.match(await user.ok('top', 'life'), /sleep 0\.1|trap/, 'processes without a control group')
  t.match(await user.ok('stats', '--no-stream', '--format', '{{.PIDs}}', 'life'), /^[12]$/)
  await user.ok('stop', 'life')
  t.equal(await user.ok('inspect', '--format', '{{.State.ExitCode}}', 'life'), '3')
  await waitUntil('its monitor has ended', () => members(user).length === 0)
  await user.ok('start', 'life')
  t.equal(await user.ok('exec', 'life', 'id', '-u'), '0', 'in a new user namespace, mapped alike')
  await user.ok('restart', '-t', '0', 'life')
  await user.ok('kill', 'life')
  await user.ok('rm', 'life')
}

async function atOnce(t: Test, user: OrdinaryUser): Promise<void> {
  const names = ['one', 'two', 'three', 'four']
  await Promise.all(
    names.map((name) =>
      user.ok('run', '-d', '--name', name, '--network', 'none', 'host', 'sleep', '1000'),
    ),
  )
  const spaces = await Promise.all(
    names.map((name) => user.ok('exec', name, 'readlink', '/proc/1/ns/user')),
  )
  t.equal(new Set(spaces).size, 1)
  await user.ok('rm', '-f', '-t', '0', ...names)
}

async function reachOneAnother(t: Test, user: OrdinaryUser): Promise<void> {
  await user.ok('network', 'create', 'web')
  const serve = 'while :; do echo hello | busybox nc -l -p 80; done'
  const { stderr } = await user.run(
    'run',
    '-d',
    '--name',
    'server',
    '--network',
    'web',
    'host',
    'sh',
    '-c',
    serve,
  )
  t.match(stderr, /^mycontainer: note: .*--network host/m, 'what it cannot reach is said')
  const ask = 'until busybox nc server 80 </dev/null; do sleep 0.1; done'
  t.equal(await user.ok('run', '--rm', '--network', 'web', 'host', 'sh', '-c', ask), 'hello')
  // From the host's network namespace this time: the command enters that of the bridges itself.
  await user.ok('restart', '-t', '0', 'server')
  t.equal(await user.ok('run', '--rm', '--network', 'web', 'host', 'sh', '-c', ask), 'hello')
  await user.ok('network', 'create', 'more')
  await user.ok('network', 'connect', 'more', 'server')
  t.equal(await user.ok('exec', 'server', 'ls', '/sys/class/net'), 'eth0\neth1\nlo')
  await user.ok('network', 'disconnect', 'more', 'server')
  await user.ok('network', 'rm', 'more')
  const own = 'readlink /proc/self/ns/net'
  t.equal(
    await user.ok('run', '--rm', '--network', 'host', 'host', 'sh', '-c', own),
    (await user.shell(own)).stdout.trim(),
    '--network host is that of the machine, meanwhile',
  )
  await user.ok('rm', '-f', '-t', '0', 'server')
  await user.ok('network', 'rm', 'web')
}

/** Echoes datagrams on 53, and says on 80 how much a client has sent before it closed its half. */
const server = `socket(my $u, AF_INET, SOCK_DGRAM, 0); bind($u, sockaddr_in(53, INADDR_ANY));
  socket(my $l, AF_INET, SOCK_STREAM, 0); bind($l, sockaddr_in(80, INADDR_ANY)); listen($l, 5);
  if (!fork) { while (my $p = recv($u, my $m, 65536, 0)) { send($u, $m, 0, $p) } }
  while (accept(my $c, $l)) { local $/; my $all = <$c>; syswrite $c, length $all; close $c }`
const serve = ['-v', '/usr:/usr:ro', 'host', 'perl', '-MSocket', '-e', server]

async function publishPorts(t: Test, user: OrdinaryUser): Promise<void> {
  const fixed = await freePort()
  const ports = ['-p', `127.0.0.1:${fixed}:80`, '-p', '80', '-p', '53/udp']
  await user.ok('run', '-d', '--name', 'open', '--restart', 'always', ...ports, ...serve)
  const port = async (of: string): Promise<number> =>
    Number((await user.ok('port', 'open', of)).split('\n')[0]?.split(':')[1])
  const [tcp, udp] = [await port('80/tcp'), await port('53/udp')]
  t.match(await user.ok('ps', '--format', '{{.Ports}}'), `:${tcp}->80/tcp`)
  t.match(await user.ok('port', 'open', '80/tcp'), `127.0.0.1:${fixed}`)
  await waitUntil('it listens', async () => (await countBytes(tcp, 1)) === '1')
  t.equal(await countBytes(tcp, 3_000_000), '3000000', 'the answer comes after the client’s end')
  t.equal(await echo(udp, 'ping'), 'ping')
  await publishRefusals(t, user, tcp)
  const before = forwarders(user)
  t.equal(before.length, 1)
  await user.ok('restart', '-t', '0', 'open')
  await waitUntil('the same port leads there', async () => (await countBytes(fixed, 1)) === '1')
  await waitUntil('the forwarder of before is gone', () => !forwarders(user).includes(before[0]!))
  for (const name of ['mycontainer-out', 'mycontainer-mon'])
    for (const pid of processes(user, name)) process.kill(pid, 'SIGKILL')
  t.equal(await countBytes(fixed, 7), '7', 'whoever else is killed')
  await user.ok('rm', '-f', '-t', '0', 'open')
  await waitUntil('nobody is left', () => forwarders(user).length === 0)
  await t.rejects(countBytes(fixed, 1), { code: 'ECONNREFUSED' })
}

async function freePort(): Promise<number> {
  const listener = createServer().listen(0, '127.0.0.1')
  await once(listener, 'listening')
  const { port } = listener.address() as AddressInfo
  listener.close()
  await once(listener, 'close')
  return port
}

async function publishRefusals(t: Test, user: OrdinaryUser, taken: number): Promise<void> {
  const rows: readonly [publish: string, says: RegExp][] = [
    [`${taken}:80`, /already in use/],
    ['79:80', /EACCES.*ip_unprivileged_port_start/],
    ['203.0.113.254:8080:80', /No interface of this host/],
    ['80/sctp', /sctp.*--network host/],
  ]
  for (const [publish, says] of rows)
    t.match(await user.run('run', '--rm', '-p', publish, 'host', 'true'), {
      exitCode: 125,
      stderr: says,
    })
}

/** Living processes of a user by their name. */
function processes({ uid }: OrdinaryUser, name: string): number[] {
  const { stdout } = spawnSync('ps', ['-U', String(uid), '-o', 'pid=,stat=,comm='], {
    encoding: 'utf8',
  })
  return stdout
    .split('\n')
    .map((line) => line.trim().split(/\s+/))
    .filter(([, state = '', comm]) => comm === name && !state.startsWith('Z'))
    .map(([pid]) => Number(pid))
}

function forwarders(user: OrdinaryUser): number[] {
  return processes(user, 'mycontainer-fwd')
}

/** What the server says of so many bytes. */
async function countBytes(port: number, count: number): Promise<string> {
  const socket = connect({ host: '127.0.0.1', port, allowHalfOpen: true })
  try {
    await once(socket, 'connect')
    socket.end(Buffer.alloc(count))
    const answer: Buffer[] = []
    for await (const chunk of socket) answer.push(chunk as Buffer)
    return Buffer.concat(answer).toString()
  } catch (error) {
    // It was let in, and found nobody there: the server is not ready yet.
    if ((error as NodeJS.ErrnoException).code === 'ECONNRESET') return ''
    throw error
  } finally {
    socket.destroy()
  }
}

async function echo(port: number, text: string): Promise<string> {
  const socket = createSocket('udp4')
  try {
    socket.send(text, port, '127.0.0.1')
    const [answer] = (await once(socket, 'message', { signal: AbortSignal.timeout(10_000) })) as [
      Buffer,
    ]
    return answer.toString()
  } finally {
    socket.close()
  }
}

async function ownFiles(t: Test, user: OrdinaryUser): Promise<void> {
  const bind = [...quiet, '-v', `${user.folder}:/shared`, 'host']
  await user.ok(...bind, 'sh', '-c', 'echo text > /shared/file')
  const { uid, gid } = statSync(join(user.folder, 'file'))
  t.strictSame({ uid, gid }, { uid: user.uid, gid: user.gid })
  await user.ok(...quiet, '-v', 'kept:/data', 'host', 'sh', '-c', 'echo text > /data/file')
  t.equal(await user.ok(...quiet, '-v', 'kept:/data', 'host', 'cat', '/data/file'), 'text')
  await user.ok('volume', 'rm', 'kept')
  const owners = await user.ok(...quiet, 'host', 'stat', '-c', '%u:%g', '/', '/etc', '/usr/bin')
  t.equal(owners, '0:0\n0:0\n0:0', 'the host image is root’s')
}

async function refusals(t: Test, user: OrdinaryUser): Promise<void> {
  const rows: readonly [title: string, args: readonly string[], says: RegExp][] = [
    ['memory', [...quiet, '-m', '50m', 'host', 'true'], /controller=memory.*[Dd]elegate/],
    ['CPU time', [...quiet, '--cpus', '1', 'host', 'true'], /controller=cpu/],
    ['processes', [...quiet, '--pids-limit', '9', 'host', 'true'], /controller=pids/],
    ['user namespaces of their own', [...quiet, '--userns', 'auto', 'host', 'true'], /--userns/],
    ['users without an id', [...quiet, '-u', '3000000', 'host', 'true'], /user 3000000.*usermod/],
  ]
  for (const [title, args, says] of rows) {
    const { exitCode, stderr } = await user.run(...args)
    t.equal(exitCode, 125, title)
    t.match(stderr, says, title)
    t.equal(stderr.trimEnd().split('\n').length, 1, `${title}: in one line`)
  }
  await user.ok('run', '-d', '--name', 'busy', '--network', 'none', 'host', 'sleep', '1000')
  t.match(await user.run('pause', 'busy'), { exitCode: 125, stderr: /control group/ })
  await user.ok('rm', '-f', '-t', '0', 'busy')
}

t.test('with subordinate ids there are other users', async (t) => {
  const asUser = [...quiet, '-u', '1000', 'host']
  t.equal(await ranged.ok(...asUser, 'sh', '-c', 'touch /tmp/x; stat -c %u /tmp/x'), '1000')
  const raise = 'cp /usr/bin/id /x; chmod 4755 /x; exec sleep 1000'
  await ranged.ok('run', '-d', '--name', 'raise', '--network', 'none', 'host', 'sh', '-c', raise)
  const effective = async (): Promise<string> =>
    (await ranged.run('exec', '-u', '1000', 'raise', '/x', '-u')).stdout
  await waitUntil('set-user-ID programs work', async () => (await effective()) === '0\n')
  await ranged.ok('rm', '-f', '-t', '0', 'raise')
  const guarded = [...asUser.slice(0, -1), '--security-opt', 'no-new-privileges', 'host']
  const script = 'grep NoNewPrivs /proc/self/status'
  t.match(await ranged.ok(...guarded, 'sh', '-c', script), /1$/)
})

t.test('with a single id', async (t) => {
  t.test('groups cannot be had', async (t) => {
    t.match(await single.run(...quiet, '--group-add', '5', 'host', 'true'), {
      exitCode: 125,
      stderr: /--group-add.*usermod/,
    })
  })
  t.test('the loss is told once', async (t) => {
    const marker = join(single.runDir, 'told-single-id')
    t.ok(existsSync(marker))
    t.equal((await single.run(...quiet, 'host', 'true')).stderr, '')
  })
})

t.test('images have the owners that containers see', async (t) => {
  for (const [title, user] of users) {
    const archive = join(user.folder, 'root.tar')
    const made = `cd '${user.folder}' && mkdir -p root/bin && cp "$(command -v busybox)" root/bin/sh && touch root/other && tar -C root --owner 33 --group 33 -cf '${archive}' .`
    t.match(await user.shell(made), { exitCode: 0 })
    t.match(await user.myimage('import', archive, 'owned'), { exitCode: 0 })
    const owner = await user.ok(...quiet, 'owned', '/bin/sh', '-c', 'stat -c %u /other')
    t.equal(owner, user === ranged ? '33' : '0', title)
    t.match(await user.myimage('rm', 'owned'), { exitCode: 0 })
  }
})

t.test('slirp4netns leads out', async (t) => {
  // An address of this machine that is not its loopback one, whatever else it has.
  const link = `out${process.pid}`
  const ip = (...words: string[]): void => void execFileSync('ip', words)
  ip('link', 'add', link, 'type', 'bridge')
  t.teardown(() => ip('link', 'del', link))
  ip('addr', 'add', '198.51.100.77/32', 'dev', link)
  ip('link', 'set', link, 'up')
  const listener = createServer((socket) => socket.end('outside\n')).listen(0, '198.51.100.77')
  t.teardown(() => listener.close())
  await once(listener, 'listening')
  const { port } = listener.address() as AddressInfo
  const ask = `busybox nc 198.51.100.77 ${port}; grep nameserver /etc/resolv.conf`
  const { stdout, stderr } = await ranged.runWithWayOut('run', '--rm', 'host', 'sh', '-c', ask)
  t.equal(stdout, 'outside\nnameserver 10.0.2.3\n', stderr)
  t.notMatch(stderr, /note:/)
  await waitUntil(
    'it goes with the last container',
    () => processes(ranged, 'slirp4netns').length === 0,
  )
  await waitUntil('its keeper too', () => !existsSync(join(ranged.runDir, 'outside')))
})

t.test('a program that uses the library by itself is told why it cannot', async (t) => {
  const script = `const { run } = require('${join(ranged.package, 'dist/index.js')}')
    run('host', { command: ['true'] }).catch(({ code }) => console.log(code))`
  writeFileSync(join(ranged.folder, 'program.cjs'), script)
  const node = `node-linux-${process.arch}/bin/node`
  const command = `'${join(ranged.package, 'node_modules', node)}' '${ranged.folder}/program.cjs'`
  t.match(await ranged.shell(command), { exitCode: 0, stdout: 'UNSUPPORTED\n' })
})

t.test('what does the guarding is there', async (t) => {
  const status = await ranged.ok(
    ...quiet,
    'host',
    'grep',
    '-E',
    '^(Seccomp|CapEff):',
    '/proc/self/status',
  )
  t.match(status, /CapEff:\s+00000000800405fb\nSeccomp:\s+2/)
  const hidden = await ranged.run(
    ...quiet,
    'host',
    'sh',
    '-c',
    'head -c 1 /proc/keys | wc -c; ls /sys/firmware',
  )
  t.equal(hidden.stdout, '0\n')
  t.match(await ranged.run(...quiet, 'host', 'sh', '-c', 'echo 1 > /proc/sys/kernel/pid_max'), {
    exitCode: /[12]/,
  })
  writeFileSync(join(ranged.folder, 'secret'), 'x', { mode: 0o600 })
  const peek = await ranged.run(...quiet, '-v', `${ranged.folder}:/s`, 'host', 'cat', '/s/secret')
  t.not(peek.exitCode, 0, 'a file of the host’s root stays closed to root inside')
})
