import { existsSync, readFileSync, readdirSync, statSync, writeFileSync } from 'node:fs'
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
    ['ports', ['run', '--rm', '-p', '80', 'host', 'true'], /publish a port.*--network host/],
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
