import { execFileSync, spawnSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import t from 'tap'
import { apparmorProfileName } from '../../runtime/security/apparmor-profile.ts'
import { makeImage, runShell } from './attack.ts'
import { commandBench } from './command-line.ts'

// Needs root. AppArmor and SELinux as far as this kernel has them; with neither, that asking for them is refused.
// Where the list of profiles is not mounted (a guest), it is, for this file alone.

const switchFile = '/sys/module/apparmor/parameters/enabled'
const hasApparmor = existsSync(switchFile) && readFileSync(switchFile, 'utf8').startsWith('Y')
const hasSelinux = existsSync('/sys/fs/selinux/enforce')
const isListed = existsSync('/sys/kernel/security/apparmor')

const custom = 'mycontainer-test-custom'
const opt = (value: string): string[] => ['--security-opt', value]
/** Asks for what a profile keeps from root with every right but this. */
const strong = [
  '--cap-add',
  'ALL',
  ...['seccomp=unconfined', 'systempaths=unconfined', 'landlock=off'].flatMap(opt),
]
function test(): void {
  t.setTimeout(250_000)
  const bench = commandBench(t)
  makeImage(bench, 'plain')
  const show = 'cat /proc/self/attr/current'
  const run = async (shell: string, ...flags: string[]): Promise<string> =>
    (await runShell(bench, 'plain', shell, ...flags)).stdout.trimEnd()

  t.test('what turns labels off is always understood', async (t) => {
    for (const value of ['apparmor=unconfined', 'label=disable'])
      t.equal(await run('echo ran', ...opt(value)), 'ran', value)
  })
  t.test('what is no label is refused', async (t) => {
    for (const value of ['label=frob', 'label=type:', 'apparmor=', 'label=level:a b'])
      t.equal((await bench.run('run', '--rm', ...opt(value), 'plain', 'true')).exitCode, 125, value)
  })
  t.test('a profile or label that the kernel does not have is refused', async (t) => {
    const values = ['apparmor=no-such-profile', ...(hasSelinux ? [] : ['label=type:frob_t'])]
    for (const value of values) {
      const { exitCode, stderr } = await bench.run('run', '--rm', ...opt(value), 'plain', 'true')
      t.equal(exitCode, 125, value)
      t.match(stderr, /AppArmor|SELinux/, `${value}: says what is missing`)
    }
    t.equal(await bench.ok('ps', '-aq'), '', 'no trace')
  })
  if (!hasApparmor) {
    t.test('without AppArmor nothing is said', async (t) => {
      const { stderr, stdout } = await runShell(bench, 'plain', 'echo ran')
      t.match({ stderr, stdout }, { stderr: '', stdout: 'ran\n' })
    })
    return
  }

  t.test('unasked, every program wears the profile for containers', async (t) => {
    const worn = `${apparmorProfileName} (enforce)`
    t.equal(await run(show), worn)
    t.equal(await run(show, '--init'), worn, '--init')
    t.equal(await run(show, ...opt('no-new-privileges')), worn, 'no new privileges')
    await bench.ok(
      'run',
      '-d',
      '--network',
      'none',
      '--init',
      '--name',
      'worn',
      'plain',
      'sleep',
      '1000',
    )
    t.equal(await bench.ok('exec', 'worn', 'sh', '-c', show), worn, 'exec')
    t.match(await bench.ok('audit', 'worn'), new RegExp(`Label +${apparmorProfileName}`))
    await bench.ok('stop', '-t', '5', 'worn')
    t.equal(await bench.ok('inspect', '-f', '{{.State.ExitCode}}', 'worn'), '143', 'signals arrive')
    for (const flags of [['--privileged'], opt('apparmor=unconfined')])
      t.equal(await run(show, ...flags), 'unconfined', flags.join(' '))
  })
  t.test('what the profile alone keeps from a container with every capability', async (t) => {
    const attacks: Readonly<Record<string, string>> = {
      'a mount': 'mkdir /m; mount -t tmpfs x /m',
      'a kernel setting': ': 3>>/proc/sys/kernel/core_pattern',
      'the magic key': ': 3>>/proc/sysrq-trigger',
      'the memory of the kernel': ': 3</proc/kcore',
      'a file of /sys': ': 3>>/sys/kernel/mm/transparent_hugepage/enabled',
      'CVE-2026-31431: AF_ALG': '/bin/attack socket 38 | grep -q done',
    }
    const shell = Object.entries(attacks)
      .map(([title, attack]) => `(${attack}) 2>/dev/null && echo "${title}"`)
      .join('\n')
    t.equal(await run(`${shell}\necho end`, ...strong), 'end')
    const without = await run(`${shell}\necho end`, ...strong, ...opt('apparmor=unconfined'))
    t.match(without, /a mount\na kernel setting\nthe magic key\n/, 'without it they work')
  })
  t.test('a profile of one’s own', async (t) => {
    const profile = `profile ${custom} flags=(attach_disconnected) {\n  file,\n  capability,\n  network,\n  signal,\n  deny /etc/passwd rw,\n}\n`
    const load = (flag: string): void =>
      void execFileSync('apparmor_parser', [flag, '--skip-cache', '--quiet'], { input: profile })
    load('--replace')
    t.teardown(() => load('--remove'))
    const shell = `${show}; (: < /etc/passwd) 2>/dev/null && echo GOT; (: < /etc/group) && echo end`
    t.equal(await run(shell, ...opt(`apparmor=${custom}`)), `${custom} (enforce)\nend`)
  })
}

if (!hasApparmor || isListed) test()
else {
  const mount = 'mount -t securityfs securityfs /sys/kernel/security && exec "$@"'
  const words = ['-m', 'sh', '-c', mount, 'sh', process.execPath, import.meta.filename]
  process.exitCode = spawnSync('unshare', words, { stdio: 'inherit' }).status ?? 1
}
