import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { landlockVersion } from '../../native/landlock.ts'
import { landlockVersionNeeded } from '../../runtime/security/landlock.ts'
import { makeImage, runShell } from './attack.ts'
import { commandBench } from './command-line.ts'

// Needs root and Linux 6.12. What Landlock keeps from a container that every other defence has been taken from.

t.ok(landlockVersion() >= landlockVersionNeeded, 'this kernel has what is tested here')
const bench = commandBench(t)
makeImage(bench, 'plain')
const source = join(bench.folder, 'source')
mkdirSync(source, { mode: 0o777 })
writeFileSync(join(source, 'file'), '')

/** Root that may do what an administrator may, and a root file system that is only flagged read-only. */
const strong = ['--read-only', '--cap-add', 'SYS_ADMIN,SYS_PTRACE,MKNOD', '--tmpfs', '/data']
const open = ['--security-opt', 'seccomp=unconfined']
const level = (name: string): string[] => ['--security-opt', `landlock=${name}`]
const say = (what: string): string => `&& echo ${what}`

for (const { title, shell, flags = [] } of [
  { title: 'the root is made writable', shell: `mount -o remount,rw / ${say('GOT')}` },
  { title: 'a mount is made', shell: `mount -t tmpfs x /data ${say('GOT')}` },
  { title: 'a mount is taken away', shell: `umount /data ${say('GOT')}` },
  { title: 'another root is entered', shell: `cd /data; pivot_root . . ${say('GOT')}` },
  { title: 'a device node is made', shell: `mknod /data/node b 8 0 ${say('GOT')}` },
  {
    title: 'a file of a writable mount without a rule is written',
    // The flags of the mount say writable, its rule is missing: what is left when somebody remounts it from outside.
    shell: `: 3>/sys/kernel/mm/ksm/run ${say('GOT')}`,
    flags: ['--security-opt', 'systempaths=unconfined'],
  },
])
  t.test(`landlock=strict, SYS_ADMIN, no filter: ${title}`, async (t) => {
    const run = async (name: string): Promise<string> => {
      const all = [...strong, ...open, ...level(name), ...flags]
      return (await runShell(bench, 'plain', `(${shell}) 2>/dev/null; echo end`, ...all)).stdout
    }
    t.equal(await run('strict'), 'end\n')
    if (flags.length === 0) t.equal(await run('off'), 'GOT\nend\n', 'without it, it works')
  })

t.test('landlock=strict leaves what programs need', async (t) => {
  const mounts = ['-v', `${source}:/bind`, '-v', `${source}/file:/file`]
  const shell = `set -e; for f in data bind dev/shm tmp; do echo x > /$f/a; mv /$f/a /$f/b; : > /$f/b; mkdir /$f/c; ln -s b /$f/d
mkfifo /$f/e; mv /$f/b /$f/c/b; rm -r /$f/c /$f/d /$f/e; done; echo x > /file; echo x > /dev/null; echo x > /dev/stdout
echo renamed > /proc/self/comm; echo 500 > /proc/self/oom_score_adj; sh -c 'kill -0 $PPID'; echo end`
  const flags = ['--read-only', '--tmpfs', '/tmp', '--tmpfs', '/data', ...mounts]
  const result = await runShell(bench, 'plain', shell, ...flags, ...level('strict'))
  t.match(result, { stdout: /x\nend\n$/, exitCode: 0 }, result.stderr)
  const onTerminal = await runShell(
    bench,
    'plain',
    'echo x > /dev/tty; tty',
    '-t',
    ...flags,
    ...level('strict'),
  )
  t.match(onTerminal.stdout, /x\r?\n\/dev\/(?:pts\/0|console)/)
})

t.test('exec is kept to the same places, and reaches what runs there', async (t) => {
  const flags = ['--read-only', '--tmpfs', '/data', ...level('strict')]
  await bench.ok(
    'run',
    '-d',
    '--network',
    'none',
    '--name',
    'strict',
    ...flags,
    'plain',
    'sleep',
    '1000',
  )
  const shell =
    '(: >> /etc/passwd) 2>/dev/null && echo GOT; echo x > /data/a && kill -0 1 && echo end'
  t.equal(await bench.ok('exec', 'strict', 'sh', '-c', shell), 'end')
  const remount = '(mount -o remount,rw /) 2>/dev/null && echo GOT; echo end'
  t.equal(await bench.ok('exec', '--privileged', 'strict', 'sh', '-c', remount), 'end')
  t.match(
    await bench.ok('inspect', '-f', '{{.HostConfig.SecurityOpt}}', 'strict'),
    /landlock=strict/,
  )
  t.match(await bench.ok('audit', 'strict'), /Landlock +strict/)
  await bench.ok('rm', '-f', '-t', '0', 'strict')
})

t.test('scoped: signals do not leave a container with the host’s processes', async (t) => {
  const shell = `kill -0 ${process.pid} && echo GOT; echo end`
  const run = async (name: string): Promise<string> =>
    (await runShell(bench, 'plain', `(${shell}) 2>/dev/null`, '--pid', 'host', ...level(name)))
      .stdout
  t.equal(await run('off'), 'GOT\nend\n')
  t.equal(await run('scoped'), 'end\n')
})

t.test('unasked: whoever comes in is out of reach of one that may trace', async (t) => {
  const tracer = ['--cap-add', 'SYS_PTRACE', '--name', 'traced']
  for (const { flags, met } of [
    { flags: [], met: 'end' },
    { flags: level('off'), met: 'GOT\nend' },
  ]) {
    const wait =
      'while [ ! -e /go ]; do sleep 0.01; done; (readlink /proc/$(cat /go)/root) 2>/dev/null && echo GOT; echo end > /tmp/x; cat /tmp/x; sleep 1000'
    await bench.ok('run', '-d', '--network', 'none', ...tracer, ...flags, 'plain', 'sh', '-c', wait)
    await bench.ok(
      'exec',
      '-d',
      'traced',
      'sh',
      '-c',
      'echo $$ > /go.new; mv /go.new /go; exec sleep 1000',
    )
    await bench.ok('exec', 'traced', 'sh', '-c', 'until [ -e /tmp/x ]; do sleep 0.01; done')
    t.equal((await bench.ok('logs', 'traced')).replace(/^\/\n/, ''), met, flags.join(' '))
    const outwards = await bench.ok(
      'exec',
      'traced',
      'sh',
      '-c',
      'readlink /proc/1/root; kill -0 1 && echo signalled',
    )
    t.equal(outwards, '/\nsignalled', 'exec itself reaches the container')
    await bench.ok('rm', '-f', '-t', '0', 'traced')
  }
})

t.test('a level that is none is refused', async (t) => {
  const { exitCode, stderr } = await bench.run('run', '--rm', ...level('frob'), 'plain', 'true')
  t.equal(exitCode, 125)
  t.match(stderr, /own, scoped, strict/)
})
