import { execFileSync } from 'node:child_process'
import { chmodSync, chownSync, mkdirSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { makeImage, runShell } from './attack.ts'
import { commandBench } from './command-line.ts'

// Needs root and Linux 6.13. A user namespace is one flag away, and files on the host keep their owners.

const bench = commandBench(t)
makeImage(bench, 'plain')
const auto = ['--userns', 'auto']
const folder = (name: string, uid = 0, gid = 0): string => {
  const path = join(bench.folder, name)
  mkdirSync(path)
  chownSync(path, uid, gid)
  return path
}
const owner = (path: string): string => `${statSync(path).uid}:${statSync(path).gid}`

for (const { title, user, want } of [
  { title: 'root inside', user: [], want: '0:0' },
  { title: 'another user inside', user: ['--user', '1000:1001'], want: '1000:1001' },
])
  t.test(`${title} makes files that belong to the same on the host`, async (t) => {
    const [uid = 0, gid = 0] = want.split(':').map(Number)
    const bind = folder(`bind-${uid}`, uid, gid)
    writeFileSync(join(bind, 'hosts'), 'of the host')
    chownSync(join(bind, 'hosts'), uid, gid)
    const shell =
      'stat -c %u:%g /bind /bind/hosts; echo more >> /bind/hosts; echo x > /bind/new; mkdir /bind/sub; stat -c %u:%g /bind/new; cat /proc/self/uid_map'
    const { stdout } = await runShell(
      bench,
      'plain',
      shell,
      ...auto,
      ...user,
      '-v',
      `${bind}:/bind:idmap`,
    )
    const lines = stdout.trim().split('\n')
    t.strictSame(lines.slice(0, 3), [want, want, want], 'inside')
    t.ok(Number(lines[3]?.trim().split(/\s+/)[1]) >= 65_536, 'it is nobody on the host')
    for (const name of ['hosts', 'new', 'sub'])
      t.equal(owner(join(bind, name)), want, `${name} on the host`)
  })

t.test('a named volume keeps its owners from one range of ids to the next', async (t) => {
  for (const name of ['first', 'second']) {
    const shell = `touch /v/${name}; chown 70:71 /v/${name}; stat -c %u:%g /v /v/*`
    const { stdout } = await runShell(bench, 'plain', shell, ...auto, '-v', 'kept:/v')
    t.match(stdout, /^0:0\n(?:70:71\n)+$/, name)
  }
  const { stdout } = await runShell(bench, 'plain', 'stat -c %u:%g /v/*', '-v', 'kept:/v')
  t.equal(stdout, '70:71\n70:71\n', 'and without a user namespace')
  const place = await bench.ok('volume', 'inspect', '-f', '{{.Mountpoint}}', 'kept')
  t.equal(owner(join(place, 'first')), '70:71')
})

t.test('without idmap the files of a bind are out of reach, and stay so', async (t) => {
  const bind = folder('unmapped')
  chmodSync(bind, 0o755)
  const shell = 'stat -c %u /bind; (echo x > /bind/new) 2>/dev/null && echo GOT; echo end'
  const { stdout } = await runShell(bench, 'plain', shell, ...auto, '-v', `${bind}:/bind`)
  t.equal(stdout, '65534\nend\n')
})

t.test('read-only, one file, and rows of one’s own', async (t) => {
  const bind = folder('rows', 1000, 1001)
  const file = join(bind, 'file')
  writeFileSync(file, 'text')
  const readOnly = await runShell(
    bench,
    'plain',
    'stat -c %u:%g /f; (: >> /f) 2>/dev/null && echo GOT; echo end',
    ...auto,
    '-v',
    `${file}:/f:ro,idmap`,
  )
  t.equal(readOnly.stdout, '0:0\nend\n')
  // Owners on the disk stand in front, those inside behind.
  const rows = 'idmap=uids=1000-0-1;gids=1001-0-1'
  const mapped = await runShell(
    bench,
    'plain',
    'touch /v/new; stat -c %u:%g /v /v/new',
    '-v',
    `${bind}:/v:${rows}`,
  )
  t.equal(mapped.stdout, '0:0\n0:0\n')
  t.equal(owner(join(bind, 'new')), '1000:1001')
})

t.test('what cannot be mapped is refused, with the cure', async (t) => {
  const lower = folder('lower')
  const merged = folder('merged')
  const options = `lowerdir=${lower},upperdir=${folder('upper')},workdir=${folder('work')}`
  execFileSync('mount', ['-t', 'overlay', 'overlay', '-o', options, merged])
  t.teardown(() => execFileSync('umount', [merged]))
  for (const source of [merged, '/sys/kernel']) {
    const { exitCode, stderr } = await runShell(
      bench,
      'plain',
      'true',
      ...auto,
      '-v',
      `${source}:/v:idmap`,
    )
    t.equal(exitCode, 125, source)
    t.match(stderr, /cannot show files under other ids/, source)
  }
  const unmapped = await runShell(bench, 'plain', 'true', '-v', `${lower}:/v:idmap`)
  t.equal(unmapped.exitCode, 125)
  t.match(unmapped.stderr, /--userns auto/)
  t.equal(await bench.ok('ps', '-aq'), '', 'no trace')
})
