import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { commandBench } from './command-line.ts'

// commit and export: from containers that run, that ended, and that have ids of their own.

t.setTimeout(120_000)
const bench = commandBench(t)
const { ok, run, folder } = bench
const net = ['--network', 'none']

function myimage(...words: readonly string[]): string {
  return execFileSync(join(import.meta.dirname, '../../bin/myimage'), words, {
    env: { ...process.env, MYCONTAINER_ROOT: bench.root },
    encoding: 'utf8',
  })
}

function configOf(image: string): unknown {
  return (JSON.parse(myimage('inspect', image)) as { Config: unknown }[])[0]?.Config
}

/** Names of a tar with their owners: `5/5 d/`. */
function listTar(path: string): string[] {
  const text = execFileSync('tar', ['--numeric-owner', '-tvf', path], { encoding: 'utf8' })
  return text.split('\n').map((line) => `${line.split(/\s+/)[1]} ${line.split(/\s+/)[5]}`)
}

const change =
  'echo hi > /x; rm /etc/services; mkdir /d; chown 5:5 /d; echo v > /data/v; echo b > /bound'

t.test('a running container, with changes of its configuration', async (t) => {
  const bound = join(folder, 'bound')
  writeFileSync(bound, '')
  const mounts = ['-v', 'vol:/data', '-v', `${bound}:/bound`]
  const given = ['-e', 'A=b', '-w', '/tmp', '-l', 'kept=1', '--stop-signal', 'SIGINT', '--init']
  const script = `${change}; touch /ready; exec sleep 100`
  const words = ['--name', 'live', ...net, ...mounts, ...given, 'host', '/bin/sh', '-c', script]
  await ok('run', '-d', ...words)
  await ok('exec', 'live', '/bin/sh', '-c', 'until test -e /ready; do sleep 0.02; done')
  const changes = ['CMD ["/bin/cat", "/x"]', 'ENV C=d e', 'EXPOSE 80', 'LABEL added=2', 'USER 1:1']
  const asked = changes.flatMap((text) => ['-c', text])
  const id = await ok('commit', '-a', 'me', '-m', 'why', ...asked, 'live', 'made:1')
  t.match(id, /^sha256:[0-9a-f]{64}$/)
  t.equal(await ok('run', '--rm', ...net, 'made:1'), 'hi')
  t.strictSame(configOf('made:1'), {
    User: '1:1',
    ExposedPorts: { '80/tcp': {} },
    Env: ['PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin', 'A=b', 'C=d e'],
    Cmd: ['/bin/cat', '/x'],
    WorkingDir: '/tmp',
    Labels: { kept: '1', added: '2' },
    StopSignal: 'SIGINT',
  })
  const look = 'ls -d /etc/services /data/v /bound /d 2>/dev/null'
  t.equal((await run('run', '--rm', ...net, 'made:1', '/bin/sh', '-c', look)).stdout, '/d\n')
  t.equal(await bench.inspect('live', '.State.Status'), 'running', 'it goes on')
  t.match(myimage('history', 'made:1'), /why/)
})

t.test('a paused one stays paused; one that ended has its files', async (t) => {
  await ok('pause', 'live')
  await ok('commit', '--format', 'docker', 'live', 'made:2')
  t.equal(await bench.inspect('live', '.State.Status'), 'paused')
  await ok('unpause', 'live')
  await ok('run', '--name', 'ended', ...net, 'made:2', '/bin/sh', '-c', 'echo more >> /x')
  const file = join(folder, 'id')
  const id = await ok('commit', '--iidfile', file, 'ended')
  t.equal(readFileSync(file, 'utf8'), id)
  t.equal(await ok('run', '--rm', ...net, id, '/bin/cat', '/x'), 'hi\nmore')
})

t.test('owners are those that the container sees', async (t) => {
  const archive = join(folder, 'export.tar')
  await ok('export', '-o', archive, 'live')
  const names = listTar(archive)
  for (const name of ['5/5 d/', '0/0 x', '0/0 bound', '0/0 data/', '0/0 usr/bin/cat'])
    t.ok(names.includes(name), name)
  for (const name of ['0/0 data/v', '0/0 etc/services']) t.notOk(names.includes(name), name)
  myimage('import', archive, 'flat:1')
  t.equal(await ok('run', '--rm', ...net, 'flat:1', '/bin/cat', '/x'), 'hi')
})

t.test('a folder has no layers, but an archive', async (t) => {
  const root = join(folder, 'plain')
  mkdirSync(root)
  writeFileSync(join(root, 'f'), '')
  await ok('create', '--name', 'plain', ...net, '--rootfs', root, '/bin/true')
  await ok('export', '-o', join(folder, 'plain.tar'), 'plain')
  t.match(listTar(join(folder, 'plain.tar')), ['0/0 f'])
})

const refused: readonly (readonly [title: string, words: readonly string[], says: RegExp])[] = [
  ['no such container', ['commit', 'nobody'], /no such container/],
  ['a plain folder', ['commit', 'plain'], /plain folder/],
  ['an instruction that is none', ['commit', '-c', 'RUN x', 'live'], /Use one of/],
  ['a name with capitals', ['commit', 'live', 'UPPER'], /lower case/],
  ['a digest as name', ['commit', 'live', `a@sha256:${'0'.repeat(64)}`], /digest/],
  ['a format that is none', ['commit', '-f', 'squashfs', 'live'], /oci or docker/],
  ['an export of nobody', ['export', '-o', join(folder, 'none.tar'), 'nobody'], /no such/],
]
for (const [title, words, says] of refused)
  t.test(`refused: ${title}`, async (t) => {
    const { exitCode, stderr } = await run(...words)
    t.not(exitCode, 0)
    t.match(stderr, says)
    t.notOk(existsSync(join(folder, 'none.tar')))
  })
