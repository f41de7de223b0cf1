// An ordinary user in a subtree that was handed over to it makes groups there and nowhere else.
// Needs root, to hand the subtree over.
import { spawnSync } from 'node:child_process'
import { chownSync, mkdirSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { readHierarchy } from '../../runtime/cgroup/read-hierarchy.ts'
import { removeGroup } from '../../runtime/cgroup/remove-group.ts'

const NOBODY = 65_534
const source = join(import.meta.dirname, '../../runtime/cgroup')

// The modules are loaded as root: the checkout may be closed to others.
const asNobody = `
const { readHierarchy } = await import('${source}/read-hierarchy.ts')
const { planCgroup } = await import('${source}/plan-cgroup.ts')
const { applyPlan } = await import('${source}/apply-plan.ts')
const { removeGroup } = await import('${source}/remove-group.ts')
const { spawnSync } = await import('node:child_process')
process.setgroups([])
process.setgid(${NOBODY})
process.setuid(${NOBODY})
const hierarchy = readHierarchy()
const answer = { base: hierarchy.v2?.base, v1Writable: hierarchy.v1Writable }
if (answer.base) {
  const plan = planCgroup({ hierarchy, cgroupPath: 'web', rootless: true })
  applyPlan(plan)
  const script = 'echo 0 > ' + plan.cloneInto + '/cgroup.procs && cat /proc/self/cgroup'
  answer.own = spawnSync('sh', ['-c', script], { encoding: 'utf8' }).stdout
  removeGroup(plan.location)
}
console.log(JSON.stringify(answer))
`

function runAsNobody(group: string): { base?: string; v1Writable: boolean; own?: string } {
  const script = `echo 0 > ${group}/cgroup.procs && exec "$0" --input-type=module -e "$1"`
  const { stdout, stderr } = spawnSync('sh', ['-c', script, process.execPath, asNobody], {
    encoding: 'utf8',
  })
  t.comment(stderr)
  return JSON.parse(stdout) as ReturnType<typeof runAsNobody>
}

const top = String(readHierarchy().v2?.base)
const path = `/mycontainer-test-delegated-${process.pid}`

t.test('a subtree that is ours', async (t) => {
  const group = top + path
  t.teardown(() => removeGroup({ path, v2: group, v1: {} }))
  mkdirSync(group)
  for (const file of ['', '/cgroup.procs', '/cgroup.threads', '/cgroup.subtree_control'])
    chownSync(group + file, NOBODY, NOBODY)
  const { base, v1Writable, own } = runAsNobody(group)
  t.equal(base, group)
  t.equal(v1Writable, false)
  t.match(own, `0::${path}/mycontainer/web\n`)
})

t.test('a group that is not ours', async (t) => {
  const group = `${top}${path}-closed`
  t.teardown(() => removeGroup({ path, v2: group, v1: {} }))
  mkdirSync(group)
  t.equal(runAsNobody(group).base, undefined)
})
