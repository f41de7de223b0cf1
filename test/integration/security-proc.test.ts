import { execFileSync } from 'node:child_process'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { makeImage, makeRoot, runShell } from './attack.ts'
import { commandBench } from './command-line.ts'

// Needs root. Containers that put something else in place of /proc, and what /proc and /sys tell.

const bench = commandBench(t)
const quiet = ['--network', 'none']
makeImage(bench, 'plain')

t.test('CVE-2019-16884: nothing is mounted over /proc', async (t) => {
  const fake = makeRoot(bench, { 'self/attr/exec': { text: '' } })
  for (const flags of [
    ['-v', `${fake}:/proc`],
    ['-v', `${fake}:/proc/`],
    ['-v', `${fake}:/../proc/.`],
    ['-v', 'somewhere:/proc'],
    ['--tmpfs', '/proc'],
    ['--mount', `type=bind,source=${fake},destination=/proc/self`],
    ['--mount', `type=bind,source=${fake},destination=/proc/sys/kernel`],
    ['--tmpfs', '/proc/self/attr'],
    ['--mount', `type=bind,source=${fake}/etc/passwd,destination=/proc/1/oom_score_adj`],
  ]) {
    const { exitCode, stderr } = await bench.run('run', '--rm', ...quiet, ...flags, 'plain', 'true')
    t.equal(exitCode, 125, flags.join(' '))
    t.match(stderr, /\/proc/, `${flags.join(' ')}: says what`)
  }
  const text = join(bench.folder, 'meminfo')
  writeFileSync(text, 'MemTotal: 1 kB\n')
  const allowed = await runShell(
    bench,
    'plain',
    'cat /proc/meminfo',
    '-v',
    `${text}:/proc/meminfo:ro`,
  )
  t.match(
    allowed,
    { exitCode: 0, stdout: 'MemTotal: 1 kB\n' },
    'what lxcfs mounts there is allowed',
  )
  t.equal(await bench.ok('ps', '-aq'), '', 'no trace')
})

t.test('CVE-2019-16884: an image with a volume at /proc is refused', async (t) => {
  const root = makeRoot(bench, { 'proc/self/attr': 'folder' })
  execFileSync('tar', ['-C', root, '-cf', `${root}.tar`, '.'])
  const program = join(import.meta.dirname, '../../bin/myimage')
  const env = { ...process.env, MYCONTAINER_ROOT: bench.root }
  execFileSync(program, ['import', '-c', 'VOLUME /proc', `${root}.tar`, 'volume-at-proc'], { env })
  const { exitCode, stderr } = await bench.run('run', '--rm', ...quiet, 'volume-at-proc', 'true')
  t.equal(exitCode, 125)
  t.match(stderr, /\/proc/)
})

t.test(
  'CVE-2025-52881: writes of the runtime reach the kernel, not what lies at /proc',
  async (t) => {
    // The image has a /proc of files and links; settings must arrive, and the files stay as they are.
    makeImage(bench, 'fake-proc', {
      'proc/self/oom_score_adj': { text: 'fake' },
      'proc/sys/net/ipv4/ip_forward': { text: 'fake' },
      'proc/sys/kernel/shmmax': { link: '/proc/sysrq-trigger' },
      'proc/self/attr': { link: '/proc' },
    })
    const sysctls = ['--sysctl', 'net.ipv4.ip_forward=1', '--sysctl', 'kernel.shmmax=70000']
    const probe =
      'cat /proc/self/oom_score_adj /proc/sys/net/ipv4/ip_forward /proc/sys/kernel/shmmax'
    const result = await runShell(bench, 'fake-proc', probe, ...sysctls, '--oom-score-adj', '321')
    t.match(result, { exitCode: 0, stdout: '321\n1\n70000\n' })
    const volume = join(bench.folder, 'volume')
    mkdirSync(join(volume, 'sys/net/ipv4'), { recursive: true })
    writeFileSync(join(volume, 'sys/net/ipv4/ip_forward'), 'fake')
    const linked = makeRoot(bench, { etc2: { link: '/proc' } })
    await bench.run(
      'run',
      '--rm',
      ...quiet,
      ...sysctls,
      '-v',
      `${volume}:/etc2`,
      '--rootfs',
      linked,
      '/bin/true',
    )
    t.equal(readFileSync(join(volume, 'sys/net/ipv4/ip_forward'), 'utf8'), 'fake')
  },
)

t.test('CVE-2025-52881: a destination that is a link to /proc is not mounted on', async (t) => {
  const linked = makeRoot(bench, { alias: { link: '/proc' }, deep: { link: '/proc/self/attr' } })
  const fake = makeRoot(bench, {})
  for (const destination of ['/alias', '/deep', '/alias/sys', '/alias/1']) {
    const shell =
      'grep -c " /proc[^ ]* .* ext4\\| /proc[^ ]* .* - overlay" /proc/self/mountinfo; stat -fc %T /proc'
    const flags = ['-v', `${fake}:${destination}`, '--rootfs']
    const args = ['run', '--rm', ...quiet, ...flags, linked, '/bin/sh', '-c', shell]
    const { exitCode, stdout } = await bench.run(...args)
    t.ok(exitCode === 125 || stdout === '0\nproc\n', destination, { exitCode, stdout })
  }
})

t.test(
  'GHSA-jq35-85cj-fj4p, GHSA-6fw5-f8r9-fgfm: what tells of the whole machine is hidden',
  async (t) => {
    const proc =
      'acpi asound interrupts kcore keys latency_stats sched_debug scsi timer_list timer_stats'
    const sys = 'firmware devices/virtual/powercap devices/system/cpu/cpu0/thermal_throttle'
    const hidden = [
      ...proc.split(' ').map((name) => `/proc/${name}`),
      ...sys.split(' ').map((name) => `/sys/${name}`),
    ]
    const probe = `for f in ${hidden.join(' ')}; do
    if test -d $f; then test -z "$(ls -A $f)" || echo "shows $f"
    elif test -e $f; then test -z "$(head -c 9 $f 2>/dev/null)" || echo "shows $f"; fi; done; echo end`
    await bench.ok('run', '-d', ...quiet, '--name', 'running', 'plain', 'sleep', '1000')
    t.equal((await runShell(bench, 'plain', probe)).stdout, 'end\n', 'run')
    t.equal(await bench.ok('exec', 'running', 'sh', '-c', probe), 'end', 'exec')
    t.equal(
      await bench.ok('exec', '--privileged', 'running', 'sh', '-c', probe),
      'end',
      'exec --privileged',
    )
  },
)

t.test('what changes the whole machine cannot be written', async (t) => {
  const files = [
    '/proc/sys/kernel/core_pattern',
    '/proc/sys/vm/drop_caches',
    '/proc/sysrq-trigger',
    '/proc/irq/default_smp_affinity',
    '/sys/kernel/uevent_helper',
    '/sys/power/state',
    '/sys/kernel/mm/ksm/run',
  ]
  const probe = `for f in ${files.join(' ')}; do test -e $f && (: >> $f) 2>/dev/null && echo "opens $f"; done; echo end`
  t.equal((await runShell(bench, 'plain', probe)).stdout, 'end\n')
  const undo =
    'umount /proc/sys; mount -o remount,rw /proc/sys; mount -o remount,rw /sys; umount /proc/keys; ' +
    'mkdir /p; mount -t proc proc /p; mount -t sysfs sys /p; mount --bind /proc /p; echo end'
  const undone = await runShell(
    bench,
    'plain',
    `(${undo}) 2>/dev/null; ${probe}; head -c 1 /proc/keys | wc -c`,
  )
  t.equal(undone.stdout, 'end\nend\n0\n', 'masks cannot be taken away')
})
