import { execFileSync, spawn } from 'node:child_process'
import { mkdirSync, readFileSync, rmSync, rmdirSync, statfsSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { type CommandResult, commandBench, commandPath, waitUntil } from './command-line.ts'
import { leftovers } from './leftovers.ts'
import { makeRootfs } from './oci-bench.ts'
import { removeNetworks } from './remove-networks.ts'

// Needs root. A host that lacks what containers are made of: each lack is told with its cure, changes nothing and leaves
// nothing; where it is no hindrance the container runs.

t.setTimeout(180_000)
const bench = commandBench(t)
const rootfs = join(bench.folder, 'rootfs')
makeRootfs(rootfs)
const plain = ['run', '--rm', '--network', 'none', '--rootfs', rootfs, 'true']

/** Run words to their end; a shell's `exec "$@"` before ours has the lack. */
function runUnder(words: readonly string[], args: readonly string[]): Promise<CommandResult> {
  const [program = '', ...rest] = [...words, commandPath, ...args]
  const env = { ...process.env, MYCONTAINER_ROOT: bench.root }
  const child = spawn(program, rest, { env, stdio: ['ignore', 'pipe', 'pipe'], timeout: 20_000 })
  let [stdout, stderr] = ['', '']
  child.stdout.on('data', (chunk: Buffer) => (stdout += chunk.toString()))
  child.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString()))
  return new Promise((resolve, reject) => {
    child.on('error', reject)
    // A signal is the end of a hang, or of a crash.
    child.on('close', (code) => resolve({ exitCode: code ?? -1, stdout, stderr }))
  })
}

const underShell = (script: string, ...args: string[]): string[] => [
  'sh',
  '-c',
  `${script} && exec "$@"`,
  'sh',
  ...args,
]

/** Told in one line that says this, and nothing is left. */
function isTold(t: Test, title: string, result: CommandResult, says: RegExp): void {
  const lines = result.stderr.trimEnd().split('\n')
  t.equal(result.exitCode, 125, `${title}: exit code`, { result })
  t.match(result.stderr, says, `${title}: says why`)
  t.equal(lines.length, 1, `${title}: in one line`, { result })
  t.strictSame(leftovers(bench.root), [], `${title}: nothing is left`)
}

t.test('it works as it is', async (t) => {
  t.equal(await bench.ok(...plain), '')
  t.strictSame(leftovers(bench.root), [])
})

t.test('a full disk', { timeout: 60_000 }, async (t) => {
  const disk = join(bench.folder, 'disk')
  const root = join(disk, 'root')
  mkdirSync(disk)
  execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=8m,nr_inodes=400', 'none', disk])
  t.teardown(() => {
    removeNetworks(root)
    execFileSync('umount', ['--lazy', disk])
  })
  const env = ['env', `MYCONTAINER_ROOT=${root}`]
  const before = await runUnder(env, plain)
  t.equal(before.exitCode, 0, 'with room it runs', { before })
  for (const left of [0, 4, 12, 40]) {
    const { bavail, bsize } = statfsSync(disk)
    writeFileSync(join(disk, 'fill'), Buffer.alloc(Math.max(0, bavail * bsize - left * 1024)))
    const result = await runUnder(env, plain)
    if (result.exitCode !== 0)
      t.match(result, { exitCode: 125, stderr: /ENOSPC.*free/is }, `${left} KiB`)
    else t.pass(`${left} KiB are enough`)
    t.strictSame(leftovers(root), [], `${left} KiB: nothing is left`)
    rmSync(join(disk, 'fill'))
  }
  mkdirSync(join(disk, 'files'))
  for (let index = statfsSync(disk).ffree - 2; index > 0; index--)
    writeFileSync(join(disk, 'files', String(index)), '')
  const result = await runUnder(env, plain)
  t.match(result, { exitCode: 125, stderr: /ENOSPC.*free/is }, 'no more files')
  t.strictSame(leftovers(root), [], 'no more files: nothing is left')
  rmSync(join(disk, 'files'), { recursive: true })
  t.equal((await runUnder(env, plain)).exitCode, 0, 'with room it runs again')
})

t.test('few open files', { timeout: 60_000 }, async (t) => {
  for (const count of [12, 25, 39]) {
    const result = await runUnder(['bash', '-c', `ulimit -n ${count} && exec "$@"`, 'sh'], plain)
    // The shell that our command begins with needs some itself.
    if (count > 12) isTold(t, `${count} files`, result, /Node needs 40 open files.*ulimit -n/)
    else t.not(result.exitCode, 0)
  }
  const published = [...plain.slice(0, 2), '-p', '80', '--rootfs', rootfs, 'true']
  for (const args of [plain, published]) {
    const result = await runUnder(['bash', '-c', 'ulimit -n 40 && exec "$@"', 'sh'], args)
    t.equal(result.exitCode, 0, '40 files are enough', { result })
  }
  t.strictSame(leftovers(bench.root), [])
})

t.test('few processes', { timeout: 60_000 }, async (t) => {
  const group = `/sys/fs/cgroup/pids/mycontainer-few-${process.pid}`
  mkdirSync(group)
  const isEmpty = (): boolean => readFileSync(join(group, 'pids.current'), 'latin1') === '0\n'
  t.teardown(async () => {
    await waitUntil('the group is empty', isEmpty)
    rmdirSync(group)
  })
  for (const count of [2, 6]) {
    // Nobody may have reaped those of the run before.
    await waitUntil('the group is empty', isEmpty)
    writeFileSync(join(group, 'pids.max'), String(count))
    const result = await runUnder(underShell(`echo 0 > ${group}/cgroup.procs`), plain)
    isTold(t, `${count} processes`, result, /threads.*control group.*pids\.max/)
  }
})

t.test('places that are read-only', { timeout: 60_000 }, async (t) => {
  for (const [title, path] of [
    ['the run folder', join(bench.root, 'run')],
    ['all state', bench.root],
  ] as const) {
    const script = `mount --bind ${path} ${path} && mount -o remount,bind,ro ${path}`
    const result = await runUnder(['unshare', '-m', ...underShell(script)], plain)
    isTold(t, title, result, /EROFS.*read-only.*--root/)
  }
})

const without = (capability: string): string[] => [
  'setpriv',
  `--bounding-set=-${capability}`,
  `--inh-caps=-${capability}`,
]

t.test('capabilities that are missing', { timeout: 60_000 }, async (t) => {
  const sysResource = without('sys_resource')
  t.equal((await runUnder(sysResource, plain)).exitCode, 0, 'no limit has to be raised')
  const raised = ['run', '--rm', '--network', 'none', '--ulimit', 'nofile=9000000']
  const limit = await runUnder(sysResource, [...raised, '--rootfs', rootfs, 'true'])
  isTold(t, 'a higher limit', limit, /nofile limit 9000000.*CAP_SYS_RESOURCE: ask for less/)
  const score = ['run', '--rm', '--network', 'none', '--oom-score-adj', '-900', '--rootfs', rootfs]
  const lower = await runUnder(sysResource, [...score, 'true'])
  isTold(t, 'a lower score', lower, /-900.*--oom-score-adj.*CAP_SYS_RESOURCE/)
  const network = await runUnder(without('net_admin'), plain)
  isTold(t, 'no CAP_NET_ADMIN', network, /loopback.*EPERM|EPERM.*loopback/)
  t.match(network.stderr, /mycontainer doctor/)
  const admin = await runUnder(without('sys_admin'), plain)
  isTold(t, 'no CAP_SYS_ADMIN', admin, /EPERM.*Namespaces need root/)
})

t.test('a kernel without nf_tables', { timeout: 60_000 }, async (t) => {
  const profile = join(bench.folder, 'no-nf-tables.json')
  const refused = {
    names: ['socket'],
    action: 'SCMP_ACT_ERRNO',
    errnoRet: 93, // EPROTONOSUPPORT
    args: [
      { index: 0, value: 16, op: 'SCMP_CMP_EQ' }, // AF_NETLINK
      { index: 2, value: 12, op: 'SCMP_CMP_EQ' }, // NETLINK_NETFILTER
    ],
  }
  writeFileSync(profile, JSON.stringify({ defaultAction: 'SCMP_ACT_ALLOW', syscalls: [refused] }))
  const inner = join(bench.folder, 'inner')
  const host = ['--network', 'host', '--pid', 'host', '--cgroupns', 'host', '-v', '/sys:/sys']
  const rights = ['--cap-add', 'ALL', '--security-opt', 'systempaths=unconfined']
  const flags = [...rights, '--security-opt', `seccomp=${profile}`, ...host]
  const env = ['-e', `MYCONTAINER_ROOT=${inner}`, '-e', 'MYCONTAINER_NO_ENGINE=1']
  const nested = ['run', '--rm', ...flags, ...env, '--rootfs', '/', commandPath]
  t.teardown(() => removeNetworks(inner))
  t.equal((await bench.run(...nested, ...plain)).exitCode, 0, 'without a network it runs')
  for (const publish of [[], ['-p', '80']]) {
    const args = ['run', '--rm', ...publish, '--rootfs', rootfs, 'true']
    const result = await bench.run(...nested, ...args)
    t.equal(result.exitCode, 125)
    t.match(result.stderr, /nf_tables.*EPROTONOSUPPORT.*load the module, or use "--network none"/)
    t.equal(result.stderr.trimEnd().split('\n').length, 1, 'in one line')
    t.strictSame(leftovers(inner), [], 'nothing is left')
  }
})

t.test('no user namespaces for an ordinary user', { timeout: 60_000 }, async (t) => {
  const user = ['unshare', '--user', '--map-user=1000', '--map-group=1000', '--keep-caps']
  const script = underShell('echo 0 > /proc/sys/user/max_user_namespaces')
  const words = [...user, ...script, 'setpriv', '--ambient-caps=-all', '--inh-caps=-all']
  const result = await runUnder([...words, 'env', `HOME=${bench.folder}`], plain)
  isTold(t, 'none are allowed', result, /make a user namespace.*mycontainer doctor/)
})
