import { existsSync, mkdirSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { makeImage, makeRoot, runShell } from './attack.ts'
import { commandBench } from './command-line.ts'
import { openTerminal } from './terminal-session.ts'

// Needs root. Images whose links should make the runtime touch something else than it believes.

const bench = commandBench(t)
const quiet = ['--network', 'none']
/** A folder of the host that no container has any business in. */
const outside = join(bench.folder, 'outside')
mkdirSync(outside)
const isUntouched = (t: Test, title: string): void =>
  void t.strictSame(readdirSync(outside), [], `${title}: nothing was made on the host`)

t.test('CVE-2025-31133: masks hold where the image has its own /dev/null', async (t) => {
  makeImage(bench, 'null-link', {
    dev: 'folder',
    'dev/null': { link: '/proc/sys/kernel/core_pattern' },
  })
  const probe =
    'for f in /proc/keys /proc/timer_list /proc/interrupts; do ' +
    'test -e $f && { stat -c "%F %t:%T" $f; wc -c < $f; }; done; ' +
    '(: >> /proc/sys/kernel/core_pattern) || echo refused'
  const pattern = readFileSync('/proc/sys/kernel/core_pattern', 'utf8')
  const own = await runShell(bench, 'null-link', probe)
  t.match(own.stdout, /^(character special file 1:3\n0\n)+refused\n$/)
  // A tmpfs of the user's in place of ours must not give the image's link back to the masks.
  const bound = makeRoot(bench, { null: { link: '/proc/sys/kernel/core_pattern' } })
  const replaced = await runShell(bench, 'null-link', probe, '-v', `${bound}:/dev`)
  t.ok(
    replaced.exitCode !== 0 || replaced.stdout.endsWith('refused\n'),
    'with a /dev of the user’s',
    replaced,
  )
  t.equal(readFileSync('/proc/sys/kernel/core_pattern', 'utf8'), pattern)
})

t.test('CVE-2025-52565: /dev/console is the terminal, whatever the image has there', async (t) => {
  makeImage(bench, 'console-link', {
    dev: 'folder',
    'dev/console': { link: '/proc/sys/kernel/core_pattern' },
    'dev/pts': { link: '/proc' },
    'dev/ptmx': { link: '/proc/sysrq-trigger' },
  })
  const shell =
    'stat -c "%F %t" /dev/console; tty; readlink /dev/ptmx; stat -fc %T /dev/pts; echo end'
  const session = openTerminal(
    ['run', '--rm', '-it', ...quiet, 'console-link', '/bin/sh', '-c', shell],
    bench,
  )
  t.teardown(session.kill)
  await session.expect(/end/)
  t.match(session.screen(), /character special file 88\n\/dev\/pts\/0\npts\/ptmx\ndevpts\n/)
  t.equal(await session.ended, 0)
})

for (const [title, entries] of [
  ['CVE-2019-19921, CVE-2023-27561: /proc is a link', { proc: { link: 'fake' }, fake: 'folder' }],
  ['CVE-2023-28642: /sys is a link', { sys: { link: 'fake' }, fake: 'folder' }],
  ['CVE-2019-19921: /proc leads out', { proc: { link: `../../..${outside}` } }],
] as const)
  t.test(title, async (t) => {
    const root = makeRoot(bench, entries)
    const { exitCode, stdout, stderr } = await bench.run(
      'run',
      '--rm',
      ...quiet,
      '--rootfs',
      root,
      '/bin/true',
    )
    t.equal(exitCode, 125, 'refused')
    t.equal(stdout, '')
    t.match(stderr, /\/(proc|sys)/, 'says where')
    isUntouched(t, title)
    t.equal(await bench.ok('ps', '-aq'), '', 'no trace')
  })

t.test('CVE-2026-41579, CVE-2026-47766: /dev is a link', async (t) => {
  for (const link of [outside, `../../../../../..${outside}`, 'elsewhere', '/']) {
    const root = makeRoot(bench, { dev: { link }, elsewhere: 'folder' })
    const run = await bench.run('run', '--rm', ...quiet, '--rootfs', root, '/bin/true')
    t.ok(run.exitCode === 125 || run.exitCode === 0, link, run)
    isUntouched(t, link)
    for (const folder of ['elsewhere', '.'])
      t.notOk(existsSync(join(root, folder, 'zero')), `${link}: no node beside its place`)
  }
})

t.test('CVE-2019-18837, CVE-2025-24965: files that the runtime makes stay inside', async (t) => {
  const places = ['hosts', 'hostname', 'resolv.conf', 'localtime']
  const links = Object.fromEntries(
    places.map((name) => [`etc/${name}`, { link: join(outside, name) }]),
  )
  makeImage(bench, 'file-links', { ...links, place: { link: outside }, mount: { link: outside } })
  const run = await runShell(
    bench,
    'file-links',
    'cat /etc/hostname; cat /etc/hosts /etc/resolv.conf > /dev/null',
    '--hostname',
    'inside',
  )
  t.match(
    run,
    { exitCode: 0, stdout: 'inside\n', stderr: '' },
    'links that lead nowhere are replaced',
  )
  const flags = [
    ['-w', '/place/new'],
    ['-w', '/place'],
    ['-v', `${bench.folder}:/mount/volume:ro`],
    ['--tmpfs', '/mount/tmpfs'],
    ['--device', '/dev/null:/mount/null'],
  ]
  for (const flag of flags) {
    await runShell(bench, 'file-links', 'true', ...flag)
    isUntouched(t, flag.join(' '))
  }
  isUntouched(t, 'run')
  const root = makeRoot(bench, {
    ...links,
    run: { link: outside },
    place: { link: `../../..${outside}` },
  })
  await bench.run(
    'run',
    '--rm',
    ...quiet,
    '--init',
    '-w',
    '/place/x',
    '--rootfs',
    root,
    '/bin/true',
  )
  isUntouched(t, 'a root folder')
  const whole = makeRoot(bench, {})
  const etc = makeRoot(bench, { links: { link: outside } })
  await bench.run(
    'run',
    '--rm',
    ...quiet,
    '-v',
    `${etc}:/v`,
    '-v',
    `${whole}:/v/links/sub`,
    '--rootfs',
    whole,
    '/bin/true',
  )
  isUntouched(t, 'a volume')
})
