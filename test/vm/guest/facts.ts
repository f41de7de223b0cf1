// Runs inside a guest: what the other files rely on.
import { spawnSync } from 'node:child_process'
import { mkdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs'
import t from 'tap'

function run(line: string): number | null {
  return spawnSync('sh', ['-ec', line]).status
}

t.test('the only cgroup tree is v2, with every controller that containers use', async (t) => {
  const mounts = readFileSync('/proc/self/mountinfo', 'utf8').split('\n')
  const trees = mounts.filter((line) => / - cgroup2? /.test(line))
  t.equal(trees.length, 1)
  t.match(trees[0], / \/sys\/fs\/cgroup .* - cgroup2 /)
  const controllers = readFileSync('/sys/fs/cgroup/cgroup.controllers', 'utf8').trim().split(' ')
  for (const name of ['cpuset', 'cpu', 'io', 'memory', 'hugetlb', 'pids'])
    t.ok(controllers.includes(name), name)
})

t.test('a Node process over memory.max is killed, and the kernel counts it', async (t) => {
  const group = '/sys/fs/cgroup/hog'
  writeFileSync('/sys/fs/cgroup/cgroup.subtree_control', '+memory')
  mkdirSync(group)
  t.teardown(() => rmdirSync(group))
  writeFileSync(`${group}/memory.max`, '50M')
  const take = 'const kept = []; for (;;) kept.push(Buffer.alloc(1 << 20, 1))'
  const join = `echo $$ > ${group}/cgroup.procs; exec "$0" -e "$1"`
  const hog = spawnSync('sh', ['-c', `sh -c '${join}' "$0" "$1"; exit $?`, process.execPath, take])
  t.equal(hog.status, 137)
  t.match(readFileSync(`${group}/memory.events`, 'utf8'), /^oom_kill 1$/m)
})

t.test('network interfaces and nftables tables can be made', async (t) => {
  t.equal(run('ip link add b0 type bridge; ip link add v0 type veth peer name v1'), 0)
  t.equal(run('ip link set v0 master b0; ip link del v0; ip link del b0'), 0)
  t.equal(run('nft add table ip probe; nft delete table ip probe'), 0)
})
