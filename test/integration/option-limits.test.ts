import { readdirSync } from 'node:fs'
import t from 'tap'
import type { Test } from 'tap'
import { readLimit } from './cgroup-folders.ts'
import { commandBench } from './command-line.ts'
import { leftovers } from './leftovers.ts'
import { testRows } from './option-row.ts'

// Needs root and a memory controller.

t.setTimeout(280_000) // where the machine is emulated
const bench = commandBench(t)
const quick = ['--network', 'none']
/** Takes memory until it is stopped. */
const hog = 'tail /dev/zero'

t.test('memory', async (t) => {
  const limit = ['run', ...quick, '-m', '50m', '--memory-swap', '50m']
  t.test('a hog that is the first process', async (t) => {
    const { exitCode } = await bench.run(...limit, '--name', 'hog', 'host', 'tail', '/dev/zero')
    t.equal(exitCode, 137)
    t.equal(await bench.inspect('hog', '.State.OOMKilled'), true)
    t.equal(await bench.inspect('hog', '.State.ExitCode'), 137)
    await bench.ok('rm', 'hog')
  })
  t.test('a hog that is a child: its parent tells its own exit code', async (t) => {
    const line = `${hog}; echo child $?; exit 3`
    const result = await bench.run(...limit, '--name', 'child', 'host', 'sh', '-c', line)
    t.equal(result.exitCode, 3)
    t.match(result.stdout, /child 137/)
    t.equal(await bench.inspect('child', '.State.OOMKilled'), true)
    t.equal(await bench.inspect('child', '.State.ExitCode'), 3)
    await bench.ok('rm', 'child')
  })
  t.test('a program that needs less', async (t) => {
    await bench.ok(...limit, '--name', 'small', 'host', 'true')
    t.equal(await bench.inspect('small', '.State.OOMKilled'), false)
    await bench.ok('rm', 'small')
  })
})

interface Limit {
  readonly title: string
  readonly v1: string
  readonly v2: string
  readonly wants: string | RegExp
}

function checkLimits(t: Test, id: string, limits: readonly Limit[]): void {
  for (const { title, v1, v2, wants } of limits) {
    const found = readLimit(id, v1, v2) ?? ''
    t.ok(typeof wants === 'string' ? found === wants : wants.test(found), title, { found, wants })
  }
}

t.test('limits reach the kernel, at the start and by update', async (t) => {
  const flags = ['-m', '50m', '--memory-reservation', '20m', '--memory-swap', '60m']
  const more = ['--cpus', '0.5', '--cpu-shares', '512', '--cpuset-cpus', '0', '--pids-limit', '20']
  const id = await bench.ok(
    'run',
    '-d',
    ...quick,
    '--name',
    'all',
    ...flags,
    ...more,
    'host',
    'sleep',
    '1000',
  )
  checkLimits(t, id, [
    { title: 'memory', v1: 'memory.limit_in_bytes', v2: 'memory.max', wants: '52428800' },
    { title: 'reservation', v1: 'memory.soft_limit_in_bytes', v2: 'memory.low', wants: '20971520' },
    // v1 counts memory and swap together, v2 swap alone.
    {
      title: 'swap',
      v1: 'memory.memsw.limit_in_bytes',
      v2: 'memory.swap.max',
      wants: /^(62914560|10485760)$/,
    },
    { title: 'CPU time', v1: 'cpu.cfs_quota_us', v2: 'cpu.max', wants: /^50000( 100000)?$/ },
    { title: 'CPU weight', v1: 'cpu.shares', v2: 'cpu.weight', wants: /^(512|20|59)$/ },
    { title: 'CPUs', v1: 'cpuset.cpus', v2: 'cpuset.cpus', wants: '0' },
    { title: 'processes', v1: 'pids.max', v2: 'pids.max', wants: '20' },
  ])
  await bench.ok(
    'update',
    '-m',
    '80m',
    '--memory-swap',
    '100m',
    '--cpus',
    '1',
    '--pids-limit',
    '50',
    'all',
  )
  checkLimits(t, id, [
    { title: 'memory', v1: 'memory.limit_in_bytes', v2: 'memory.max', wants: '83886080' },
    { title: 'CPU time', v1: 'cpu.cfs_quota_us', v2: 'cpu.max', wants: /^100000( 100000)?$/ },
    { title: 'processes', v1: 'pids.max', v2: 'pids.max', wants: '50' },
    { title: 'what was not named stays', v1: 'cpuset.cpus', v2: 'cpuset.cpus', wants: '0' },
  ])
  const stats = JSON.parse(
    await bench.ok('stats', '--no-stream', '--format', 'json', 'all'),
  ) as unknown
  t.match(JSON.stringify(stats), /80MiB/, 'stats knows the limit')
  await bench.ok('rm', '-f', '-t', '0', 'all')
  t.strictSame(leftovers(bench.root), [])
})

t.test('a fork bomb is held', async (t) => {
  const line = 'i=0; while [ $i -lt 40 ]; do sleep 100 & i=$((i+1)); done'
  const { exitCode, stderr } = await bench.run(
    'run',
    '--rm',
    ...quick,
    '--pids-limit',
    '10',
    'host',
    'sh',
    '-c',
    line,
  )
  t.not(exitCode, 0)
  t.match(stderr, /fork/i)
})

t.test('what processes are given', async (t) =>
  testRows(t, bench, [
    {
      title: '--oom-score-adj',
      flags: ['--oom-score-adj', '500'],
      shell: 'cat /proc/self/oom_score_adj',
      prints: '500',
    },
    {
      title: '--ulimit soft and hard',
      flags: ['--ulimit', 'nofile=100:200'],
      shell: 'ulimit -n; ulimit -Hn',
      prints: '100\n200',
    },
    {
      title: '--ulimit one for both',
      flags: ['--ulimit', 'core=0'],
      shell: 'ulimit -c; ulimit -Hc',
      prints: '0\n0',
    },
    {
      title: '--ulimit twice: the last one',
      flags: ['--ulimit', 'nofile=100', '--ulimit', 'nofile=200'],
      shell: 'ulimit -n',
      prints: '200',
    },
    {
      title: '--shm-size',
      flags: ['--shm-size', '8m'],
      shell: 'df -k /dev/shm | awk "NR==2 {print \\$2}"',
      prints: '8192',
    },
    {
      title: 'default /dev/shm',
      flags: [],
      shell: 'df -k /dev/shm | awk "NR==2 {print \\$2}"',
      prints: '65536',
    },
    {
      title: '--memory-swappiness',
      flags: ['-m', '100m', '--memory-swappiness', '10'],
      shell: 'echo ok',
      prints: 'ok',
    },
    {
      title: '--device-read-bps',
      flags: ['--device-read-bps', `${blockDevice()}:1mb`],
      shell: 'echo ok',
      prints: 'ok',
    },
  ]),
)

/** A whole disk of this machine. */
function blockDevice(): string {
  const [name = 'vda'] = readdirSync('/sys/block').filter((disk) => !/^(loop|ram|zram)/.test(disk))
  return `/dev/${name}`
}

t.test('--blkio-weight works, or it is said that the kernel cannot', async (t) => {
  const { exitCode, stderr } = await bench.run(
    'run',
    '--rm',
    ...quick,
    '--blkio-weight',
    '500',
    'host',
    'true',
  )
  if (exitCode !== 0) t.match(stderr, /weight/)
  t.ok(exitCode === 0 || exitCode === 125)
})

t.test('limit runs a plain command under limits', async (t) => {
  const killed = await bench.run('limit', '-m', '50m', '--cpus', '0.5', '--', 'sh', '-c', hog)
  t.equal(killed.exitCode, 137)
  t.match(killed.stderr, /memory/)
  const fine = await bench.run('limit', '-m', '50m', '--', 'sh', '-c', 'echo out; exit 4')
  t.equal(fine.exitCode, 4)
  t.equal(fine.stdout, 'out\n')
  t.equal((await bench.run('limit', '-m', '50m', '--', '/no/such')).exitCode, 127)
})

t.test('too little memory to start', async (t) => {
  const { exitCode, stderr } = await bench.run(
    'run',
    ...quick,
    '--name',
    'tiny',
    '-m',
    '4k',
    'host',
    'true',
  )
  t.equal(exitCode, 125)
  t.match(stderr, /memory.*-m/)
  await bench.ok('rm', 'tiny')
  t.strictSame(leftovers(bench.root), [])
})
