import { readFileSync, readlinkSync } from 'node:fs'
import t from 'tap'
import { statusField } from '../../runtime/inspect-host/host-facts.ts'
import { commandBench } from './command-line.ts'
import { leftovers } from './leftovers.ts'
import { testRows } from './option-row.ts'

// Needs root. Namespaces that are shared, new, or mapped.

t.setTimeout(120_000)
const bench = commandBench(t)
const quick = ['--network', 'none']

const namespaceOf = (kind: string): string => `readlink /proc/self/ns/${kind}`
const ours = (kind: string): string => readlinkSync(`/proc/self/ns/${kind}`)

t.test('namespaces of the host', async (t) =>
  testRows(t, bench, [
    {
      title: '--pid host',
      flags: ['--pid', 'host'],
      shell: namespaceOf('pid'),
      prints: ours('pid'),
    },
    {
      title: '--ipc host',
      flags: ['--ipc', 'host'],
      shell: namespaceOf('ipc'),
      prints: ours('ipc'),
    },
    {
      title: '--uts host',
      flags: ['--uts', 'host'],
      shell: namespaceOf('uts'),
      prints: ours('uts'),
    },
    {
      title: '--cgroupns host',
      flags: ['--cgroupns', 'host'],
      shell: namespaceOf('cgroup'),
      prints: ours('cgroup'),
    },
    {
      title: '--userns host',
      flags: ['--userns', 'host'],
      shell: namespaceOf('user'),
      prints: ours('user'),
    },
    {
      title: '--network host',
      flags: ['--network', 'host'],
      network: true,
      shell: namespaceOf('net'),
      prints: ours('net'),
    },
    {
      title: '--ipc none',
      flags: ['--ipc', 'none'],
      shell: 'test -e /dev/shm || echo none',
      prints: 'none',
    },
    {
      title: '--time-ns private',
      flags: ['--time-ns', 'private'],
      shell: `test $(${namespaceOf('time')}) != ${ours('time')} && echo own`,
      prints: 'own',
    },
    {
      title: 'own ones otherwise',
      flags: [],
      shell: 'for n in pid ipc uts cgroup net mnt; do readlink /proc/self/ns/$n; done',
      prints: new RegExp(
        `^(?!.*(${['pid', 'ipc', 'uts', 'cgroup', 'net', 'mnt'].map((kind) => ours(kind).replace(/\D/gu, '')).join('|')}))`,
        'su',
      ),
    },
  ]),
)

t.test('namespaces of another container', async (t) => {
  await bench.ok(
    'run',
    '-d',
    ...quick,
    '--name',
    'base',
    '--hostname',
    'basehost',
    'host',
    'sleep',
    '1000',
  )
  for (const [flag, kind] of [
    ['pid', 'pid'],
    ['ipc', 'ipc'],
    ['uts', 'uts'],
    ['network', 'net'],
  ] as const) {
    const theirs = await bench.ok('exec', 'base', 'readlink', `/proc/self/ns/${kind}`)
    const joined = await bench.ok(
      'run',
      '--rm',
      `--${flag}`,
      'container:base',
      'host',
      'readlink',
      `/proc/self/ns/${kind}`,
    )
    t.equal(joined, theirs, flag)
  }
  t.equal(
    await bench.ok('run', '--rm', ...quick, '--uts', 'container:base', 'host', 'uname', '-n'),
    'basehost',
  )
  await bench.ok('rm', '-f', '-t', '0', 'base')
})

t.test('user namespaces', async (t) => {
  await testRows(t, bench, [
    {
      title: 'root inside, and the files are its own',
      flags: ['--userns', 'auto'],
      network: true,
      shell: 'id -u; stat -c "%u:%g" / /etc/passwd /etc/hosts; touch /x; stat -c %u /x',
      prints: '0\n0:0\n0:0\n0:0\n0',
    },
    {
      title: 'another user',
      flags: ['--userns', 'auto', '-u', 'nobody'],
      shell: 'touch /tmp/x; stat -c %u /tmp/x',
      prints: '65534',
    },
    {
      title: 'rows of one’s own',
      flags: ['--uidmap', '0:100000:1000', '--gidmap', '0:200000:1000'],
      shell: 'awk "{print \\$2}" /proc/self/uid_map /proc/self/gid_map; stat -c %u /',
      prints: '100000\n200000\n0',
    },
    {
      title: 'a volume belongs to root inside',
      flags: ['--userns', 'auto', '-v', '/data'],
      shell: 'touch /data/x; stat -c %u /data /data/x',
      prints: '0\n0',
    },
    {
      title: 'an idmapped bind',
      flags: ['--userns', 'auto', '-v', `${bench.folder}:/data:idmap`],
      shell: 'stat -c %u /data',
      prints: '0',
    },
  ])
  await bench.ok(
    'run',
    '-d',
    ...quick,
    '--name',
    'mapped',
    '--userns',
    'auto',
    'host',
    'sleep',
    '1000',
  )
  const pid = Number(await bench.inspect('mapped', '.State.Pid'))
  const uid = Number(
    statusField(readFileSync(`/proc/${pid}/status`, 'utf8'), 'Uid').split(/\s/u)[0],
  )
  t.ok(uid >= 65_536, 'a nobody outside', { uid })
  t.equal(await bench.ok('exec', 'mapped', 'id', '-u'), '0', 'root for exec too')
  await bench.ok('rm', '-f', '-t', '0', 'mapped')
  t.strictSame(leftovers(bench.root), [])
})

t.test('a container keeps its range of ids over every start', async (t) => {
  const auto = [...quick, '--userns', 'auto']
  const script = 'touch /mine; stat -c %u /mine; awk "{print \\$2}" /proc/self/uid_map'
  const first = await bench.ok('run', '--name', 'first', ...auto, 'host', 'sh', '-c', script)
  t.match(first, /^0\n\d+$/)
  await bench.ok('run', '-d', '--name', 'second', ...auto, 'host', 'sleep', '1000')
  t.equal(await bench.ok('start', '-a', 'first'), first, 'although another came between')
  const cp = await bench.run('cp', '/etc/hostname', 'first:/x')
  t.match(
    cp,
    { exitCode: 1, stderr: /Start it first/ },
    'files made from outside would be nobody’s',
  )
  await bench.ok('rm', '-f', '-t', '0', 'first', 'second')
  t.strictSame(leftovers(bench.root), [])
})
