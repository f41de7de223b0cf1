import { mkdirSync, mkdtempSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { commandBench, runCommand } from './command-line.ts'
import { leftovers } from './leftovers.ts'
import { testRows } from './option-row.ts'
import { thisHost } from './program-runner.ts'

// Needs root. Binds, volumes, tmpfs, read-only roots and roots that are plain folders.

t.setTimeout(120_000)
const bench = commandBench(t)
const quick = ['--network', 'none']
const folder = (): string => mkdtempSync(join(bench.folder, 'source-'))
const withFile = (): string => {
  const path = folder()
  writeFileSync(join(path, 'f'), 'data\n')
  return path
}
const mountOf = (path: string): string => `grep " ${path} " /proc/self/mountinfo`
const volumes = async (): Promise<string[]> =>
  (await bench.ok('volume', 'ls', '-q')).split('\n').filter(Boolean)

t.test('binds', async (t) => {
  const source = withFile()
  const readOnlyText = /Read-only file system/
  await testRows(t, bench, [
    {
      title: '-v',
      flags: ['-v', `${source}:/m`],
      shell: 'cat /m/f; echo x > /m/g',
      prints: 'data',
    },
    {
      title: '-v ro',
      flags: ['-v', `${source}:/m:ro`],
      shell: 'touch /m/x 2>&1',
      prints: readOnlyText,
      exitCode: 1,
    },
    {
      title: 'a file',
      flags: ['-v', `${source}/f:/deep/new/f`],
      shell: 'cat /deep/new/f',
      prints: 'data',
    },
    {
      title: 'private by default',
      flags: ['-v', `${source}:/m`],
      shell: `${mountOf('/m')} | grep -c "shared:\\|master:"`,
      prints: '0',
      exitCode: 1,
    },
    {
      title: 'rshared',
      flags: ['-v', `${source}:/m:rshared`],
      shell: mountOf('/m'),
      prints: /shared:\d+/,
    },
    {
      title: '--mount type=bind',
      flags: ['--mount', `type=bind,src=${source},dst=/m,ro`],
      shell: 'cat /m/f; touch /m/x 2>&1',
      prints: readOnlyText,
      exitCode: 1,
    },
    {
      title: 'two at once, one in the other',
      flags: ['-v', `${source}:/m`, '--tmpfs', '/m/sub'],
      shell: 'cat /m/f; touch /m/sub/x && echo ok',
      prints: 'data\nok',
    },
  ])
  t.equal(readFileSync(join(source, 'g'), 'utf8'), 'x\n', 'written through')
  const missing = join(bench.folder, 'made/deep')
  await bench.ok('run', '--rm', ...quick, '-v', `${missing}:/m`, 'host', 'touch', '/m/x')
  t.ok(statSync(join(missing, 'x')).isFile(), '-v makes a missing folder')
  const relative = await runCommand(
    ['run', '--rm', ...quick, '-v', './f:/f', 'host', 'cat', '/f'],
    {
      ...bench,
      cwd: source,
    },
  )
  t.equal(relative.stdout, 'data\n', 'relative to the caller’s folder')
})

t.test('named volumes', async (t) => {
  const run = async (...args: string[]): Promise<string> =>
    bench.ok('run', '--rm', ...quick, ...args)
  const listing = await run('-v', 'etc:/etc', 'host', 'sh', '-c', 'echo 1 > /etc/mine; ls /etc')
  t.match(listing, /^passwd$/mu, 'filled from the image')
  t.equal(await run('-v', 'etc:/q:ro', 'host', 'cat', '/q/mine'), '1', 'outlives its container')
  t.equal(await run('--mount', 'type=volume,src=etc,dst=/q', 'host', 'cat', '/q/mine'), '1')
  await bench.ok('create', '--name', 'user', '-v', 'etc:/q', 'host', 'true')
  const refused = await bench.run('volume', 'rm', 'etc')
  t.equal(refused.exitCode, 1)
  t.match(refused.stderr, /user/, 'says who uses it')
  await bench.ok('rm', '-v', 'user')
  t.strictSame(await volumes(), ['etc'], 'rm -v leaves a named one')
  await bench.ok('volume', 'rm', 'etc')
  t.strictSame(await volumes(), [])
})

t.test('--volumes-from', async (t) => {
  const source = withFile()
  await bench.ok(
    'create',
    '--name',
    'owner',
    '-v',
    `${source}:/bound`,
    '-v',
    '/data',
    'host',
    'true',
  )
  const take = async (from: string, line: string, ...flags: string[]) =>
    bench.run('run', '--rm', ...quick, '--volumes-from', from, ...flags, 'host', 'sh', '-c', line)
  t.match(await take('owner', 'cat /bound/f; echo 1 > /data/x'), { exitCode: 0, stdout: 'data\n' })
  t.match(await take('owner', 'cat /data/x'), { exitCode: 0, stdout: '1\n' }, 'it outlived a --rm')
  t.match(await take('owner:ro', 'touch /data/y'), { exitCode: 1, stderr: /Read-only/ })
  const own = await take('owner', 'ls /bound', '--tmpfs', '/bound')
  t.match(own, { exitCode: 0, stdout: /^$/ }, 'a mount of one’s own comes first')
  t.match(await take('nosuch', 'true'), { exitCode: 125, stderr: /no such container: nosuch/ })
  await bench.ok('rm', '-v', 'owner')
})

t.test('anonymous volumes', async (t) => {
  await bench.ok('run', '--rm', ...quick, '-v', '/data', 'host', 'touch', '/data/x')
  t.strictSame(await volumes(), [], 'gone with --rm')
  await bench.run('run', '--rm', ...quick, '-v', '/data', '-w', '/etc/passwd', 'host', 'true')
  t.strictSame(await volumes(), [], 'gone where the start failed')
  await bench.ok('create', '--name', 'one', '-v', '/data', 'host', 'true')
  t.equal((await volumes()).length, 1)
  await bench.ok('rm', 'one')
  t.equal((await volumes()).length, 1, 'rm leaves it')
  await bench.ok('volume', 'prune', '-f')
  t.strictSame(await volumes(), [], 'prune takes it')
  await bench.ok('create', '--name', 'one', '-v', '/data', 'host', 'true')
  await bench.ok('rm', '-v', 'one')
  t.strictSame(await volumes(), [], 'rm -v takes it')
})

t.test('tmpfs and read-only roots', async (t) =>
  testRows(t, bench, [
    {
      title: '--tmpfs',
      flags: ['--tmpfs', '/t:size=2m,mode=1770,exec'],
      shell: `${mountOf('/t')}; stat -c %a /t`,
      prints: /rw,nosuid,nodev,relatime - tmpfs .*size=2048k.*\n1770$/s,
    },
    {
      title: '--mount type=tmpfs',
      flags: ['--mount', 'type=tmpfs,dst=/t,tmpfs-size=1m,tmpfs-mode=700'],
      shell: `${mountOf('/t')}; stat -c %a /t`,
      prints: /size=1024k.*\n700$/s,
    },
    {
      title: '--read-only',
      flags: ['--read-only'],
      shell:
        'touch /x 2>/dev/null || echo no; touch /tmp/x /run/x /var/tmp/x /dev/shm/x && echo yes',
      prints: 'no\nyes',
    },
    {
      title: '--read-only without scratch folders',
      flags: ['--read-only', '--read-only-tmpfs=false'],
      shell: 'touch /tmp/x 2>&1',
      prints: /Read-only file system/,
      exitCode: 1,
    },
    {
      title: '--read-only and a volume',
      flags: ['--read-only', '-v', '/data'],
      shell: 'touch /data/x && echo yes',
      prints: 'yes',
    },
  ]),
)

t.test('--rootfs', async (t) => {
  const root = folder()
  mkdirSync(join(root, 'bin'))
  const busybox = await bench.ok(
    'run',
    '--rm',
    ...quick,
    '-v',
    `${root}/bin:/out`,
    'host',
    'sh',
    '-c',
    'cp $(which busybox) /out/busybox && echo ok',
  )
  t.equal(busybox, 'ok')
  const run = async (...flags: string[]) =>
    bench.run('run', '--rm', ...quick, ...flags, '--rootfs', root, '/bin/busybox', 'touch', '/x')
  t.match(await run('--read-only'), { exitCode: 1, stderr: /Read-only/ })
  t.match(await run(), { exitCode: 0 })
  t.ok(statSync(join(root, 'x')).isFile(), 'the folder itself is used')
  t.strictSame(leftovers(bench.root), [])
})

// Before, layers of an overlay cannot be given by descriptor.
const { kernel } = thisHost()
if (kernel.major > 6 || (kernel.major === 6 && kernel.minor >= 13))
  t.test('a tmpfs that shows what the image has', async (t) => {
    const shell =
      'stat -c %a /etc; test -e /etc/passwd && rm /etc/passwd && echo x > /etc/new && ls /etc | grep -c -e new -e passwd; head -c 3m /dev/zero 2>&1 > /etc/big || echo full'
    await testRows(
      t,
      bench,
      [[], ['--userns', 'auto'], ['--read-only']].map((flags) => ({
        title: `tmpcopyup ${flags.join(' ')}`,
        flags: [...flags, '--tmpfs', '/etc:tmpcopyup,size=1m'],
        shell,
        prints: /^755\n1\n(?:.*\n)*full$/,
      })),
    )
    await testRows(t, bench, [
      {
        title: 'tmpcopyup, read-only',
        flags: ['--tmpfs', '/etc:tmpcopyup,ro'],
        shell: 'test -e /etc/passwd && echo x > /etc/new',
        prints: '',
        exitCode: 2,
      },
    ])
  })
