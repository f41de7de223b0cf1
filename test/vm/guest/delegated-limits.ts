// Runs inside a guest, which has a memory controller in its cgroup v2 tree: limits of an ordinary user to whom a part of
// that tree was handed over, as systemd does for user@.service (Delegate=yes).
import {
  appendFileSync,
  chownSync,
  mkdirSync,
  readdirSync,
  rmdirSync,
  writeFileSync,
} from 'node:fs'
import t from 'tap'
import { ordinaryUser } from '../../integration/ordinary-user.ts'

const tree = '/sys/fs/cgroup'
const group = `${tree}/delegated`
// Whoever has children with controllers must hold no processes: a user's are in a group below.
const session = `${group}/session`
const user = ordinaryUser(t, true)
const run = ['run', '--network', 'none']

/** Move this test, and with it all that it starts. */
const moveTo = (folder: string): void =>
  appendFileSync(`${folder}/cgroup.procs`, String(process.pid))

writeFileSync(`${tree}/cgroup.subtree_control`, '+memory +pids +cpu')
mkdirSync(session, { recursive: true })
for (const folder of [group, session])
  for (const file of ['', '/cgroup.procs', '/cgroup.threads', '/cgroup.subtree_control'])
    chownSync(folder + file, user.uid, user.gid)
t.teardown(() => {
  moveTo(tree)
  for (const name of ['mycontainer', 'session', ''])
    try {
      rmdirSync(`${group}/${name}`)
    } catch {
      // Its user may not have made it.
    }
})

t.test('limits hold in the part that was handed over', async (t) => {
  moveTo(session)
  const limits = ['-m', '50m', '--pids-limit', '20', '--cpus', '0.5']
  const files = 'cd /sys/fs/cgroup && cat memory.max pids.max cpu.max'
  t.equal(
    await user.ok(...run, '--rm', ...limits, 'host', 'sh', '-c', files),
    `${50 * 1024 * 1024}\n20\n50000 100000`,
  )
  const hog = await user.run(...run, '-m', '50m', '--name', 'hog', 'host', 'tail', '/dev/zero')
  t.equal(hog.exitCode, 137, hog.stderr)
  t.equal(await user.ok('inspect', '-f', '{{.State.OOMKilled}}', 'hog'), 'true')
  await user.ok('rm', 'hog')
  await user.ok(...run, '-d', '-m', '50m', '--name', 'idle', 'host', 'sleep', '1000')
  await user.ok('update', '-m', '60m', 'idle')
  const changed = await user.ok('exec', 'idle', 'cat', '/sys/fs/cgroup/memory.max')
  t.equal(changed, String(60 * 1024 * 1024))
  await user.ok('pause', 'idle')
  t.equal(await user.ok('inspect', '-f', '{{.State.Status}}', 'idle'), 'paused')
  await user.ok('unpause', 'idle')
  t.match(await user.ok('stats', '--no-stream', '--format', '{{.MemUsage}}', 'idle'), /\/ 60/)
  await user.ok('rm', '-f', '-t', '0', 'idle')
  const left = readdirSync(`${group}/mycontainer`, { withFileTypes: true })
  t.strictSame(
    left.filter((entry) => entry.isDirectory()).map(({ name }) => name),
    [],
    'no group stays',
  )
})

t.test('without a part of one’s own a limit is refused', async (t) => {
  moveTo(tree)
  const refused = await user.run(...run, '--rm', '-m', '50m', 'host', 'true')
  t.match(refused, { exitCode: 125, stderr: /delegate/i })
})
