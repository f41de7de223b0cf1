import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { type CommandResult, commandBench } from './command-line.ts'

// Volumes that are something else than a folder of ours: a tmpfs, a file system with a size, a folder of the host.

t.setTimeout(120_000)
const bench = commandBench(t)
const { ok, run, folder } = bench
t.teardown(async () => {
  const ids = (await run('ps', '-aq')).stdout.split('\n').filter(Boolean)
  if (ids.length > 0) await run('rm', '-f', ...ids)
  await run('volume', 'prune', '-f', '-a')
})

function shell(script: string, ...flags: string[]): Promise<CommandResult> {
  return run('run', '--rm', '--network', 'none', ...flags, 'host', '/bin/sh', '-c', script)
}

function mounts(): string {
  return readFileSync('/proc/self/mountinfo', 'utf8')
}

t.test('a tmpfs is shared by who runs, has a limit, and begins anew', async (t) => {
  await ok('volume', 'create', '-d', 'tmpfs', '-o', 'o=size=64k,mode=700', 'scratch')
  const first = ['--name', 'first', '-v', 'scratch:/s', '--network', 'none']
  await ok('run', '-d', ...first, 'host', '/bin/sh', '-c', 'echo hi > /s/f; exec sleep 100')
  const read = 'until test -s /s/f; do sleep 0.02; done; cat /s/f'
  t.match(await shell(read, '-v', 'scratch:/s'), { exitCode: 0, stdout: 'hi\n' })
  t.match((await shell('head -c 100000 /dev/zero > /s/big', '-v', 'scratch:/s')).stderr, /No space/)
  await ok('rm', '-f', 'first')
  t.match(await shell('ls /s; stat -c %a /s', '-v', 'scratch:/s'), { stdout: '700\n' })
  await ok('ps')
  t.notOk(mounts().includes(bench.root), 'nothing is left in the mount table')
})

t.test('a size holds, and what is in it stays', async (t) => {
  await ok('volume', 'create', '-o', 'size=3m', 'small')
  const script = 'head -c 9000000 /dev/zero > /v/big; rm /v/big; echo kept > /v/f'
  const said = await shell(script, '-v', 'small:/v')
  t.match(said.stderr, /No space left/)
  t.match(await shell('cat /v/f; ls /v', '-v', 'small:/v'), { stdout: 'kept\nf\n' })
})

t.test('a new one with a size has what the image has there, and its owner', async (t) => {
  const script = 'mkdir -p /c/d; echo x > /c/d/f; chown -R 7:8 /c; chmod 750 /c'
  await ok('run', '--name', 'base', '--network', 'none', 'host', '/bin/sh', '-c', script)
  await ok('commit', 'base', 'base:1')
  const mount = 'type=volume,source=filled,target=/c,volume-opt=size=3m'
  const words = ['--rm', '--network', 'none', '--mount', mount, 'base:1', '/bin/sh', '-c']
  t.equal(await ok('run', ...words, 'cat /c/d/f; stat -c %u:%g:%a /c; ls /c'), 'x\n7:8:750\nd')
})

t.test('a container that does not run has its volumes for cp', async (t) => {
  await ok('create', '--name', 'still', '-v', 'small:/v', 'host', '/bin/true')
  const file = join(folder, 'copied')
  writeFileSync(file, 'copied\n')
  await ok('cp', file, 'still:/v/g')
  await ok('cp', 'still:/v/f', join(folder, 'back'))
  t.equal(readFileSync(join(folder, 'back'), 'utf8'), 'kept\n')
  await ok('rm', 'still')
  t.match(await shell('cat /v/g', '-v', 'small:/v'), { stdout: 'copied\n' })
})

t.test('a folder of the host under a name', async (t) => {
  const source = join(folder, 'host-folder')
  const bind = ['-o', 'type=none', '-o', `device=${source}`]
  await ok('volume', 'create', ...bind, '-o', 'o=bind', 'there')
  t.match(await shell('true', '-v', 'there:/t'), { exitCode: 125, stderr: /Make that folder/ })
  mkdirSync(source)
  await shell('echo in > /t/f', '-v', 'there:/t')
  t.equal(readFileSync(join(source, 'f'), 'utf8'), 'in\n')
  await ok('volume', 'create', ...bind, '-o', 'o=bind,ro', 'only')
  t.match((await shell('echo > /t/g', '-v', 'only:/t')).stderr, /Read-only/)
  await ok('volume', 'rm', 'there', 'only')
  t.equal(readFileSync(join(source, 'f'), 'utf8'), 'in\n', 'removing the name removes no files')
})

const refused: readonly (readonly [title: string, words: readonly string[], says: RegExp])[] = [
  ['a driver that is none', ['volume', 'create', '-d', 'cloud'], /driver/],
  ['an option that is none', ['volume', 'create', '-o', 'x=y'], /Use type, device, o, size/],
  ['a size too small', ['volume', 'create', '-o', 'size=1k', 'tiny'], /from 1m on/],
  [
    'options without a name',
    ['create', '--mount', 'type=volume,target=/x,volume-opt=type=tmpfs', 'host', 'true'],
    /Name it/,
  ],
]
for (const [title, words, says] of refused)
  t.test(`refused: ${title}`, async (t) => {
    t.match(await run(...words), { exitCode: 125, stderr: says })
    t.equal(await ok('volume', 'ls', '-q', '-f', 'name=tiny'), '')
  })

t.test('a mount that the kernel refuses is told with its words', async (t) => {
  await ok('volume', 'create', '-o', 'type=ext4', '-o', 'device=/nowhere', 'lost')
  t.match(await shell('true', '-v', 'lost:/l'), { exitCode: 125, stderr: /mount the volume lost/ })
  await ok('volume', 'rm', '-a')
  t.equal(await ok('volume', 'ls', '-q'), '')
})
