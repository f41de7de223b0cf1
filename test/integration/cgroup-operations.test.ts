// Real groups on whatever this host has: hybrid or pure v2. Needs root.
import { spawn, type ChildProcess } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { once } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import t, { type Test } from 'tap'
import { applyPlan } from '../../runtime/cgroup/apply-plan.ts'
import type { CgroupPlan } from '../../runtime/cgroup/cgroup-plan.ts'
import { foldersOf } from '../../runtime/cgroup/cgroup-files.ts'
import { freeze, isFrozen, thaw } from '../../runtime/cgroup/freeze.ts'
import { isPopulated, killAll } from '../../runtime/cgroup/kill-all.ts'
import { listPids } from '../../runtime/cgroup/list-pids.ts'
import { readOomKills } from '../../runtime/cgroup/oom-kills.ts'
import { planCgroup } from '../../runtime/cgroup/plan-cgroup.ts'
import { readPressure } from '../../runtime/cgroup/pressure.ts'
import { readHierarchy } from '../../runtime/cgroup/read-hierarchy.ts'
import { readStats } from '../../runtime/cgroup/read-stats.ts'
import { removeGroup } from '../../runtime/cgroup/remove-group.ts'
import type { CgroupResources } from '../../runtime/cgroup/resources.ts'
import { updateResources } from '../../runtime/cgroup/update-resources.ts'

const MIB = 2 ** 20
const hierarchy = readHierarchy()
let groups = 0

function makeGroup(t: Test, resources: CgroupResources): CgroupPlan {
  const cgroupPath = `/mycontainer-test-${process.pid}/${groups++}`
  const plan = planCgroup({ hierarchy, resources, cgroupPath, rootless: false })
  t.teardown(() => removeGroup(plan.location))
  applyPlan(plan)
  return plan
}

/** Runs a shell script that joins the groups first, and waits until it has. */
async function runIn(t: Test, plan: CgroupPlan, script: string): Promise<ChildProcess> {
  const joins = [plan.cloneInto && `${plan.cloneInto}/cgroup.procs`, ...plan.join].filter(Boolean)
  const join = joins.map((file) => `echo 0 > ${file}`).join(' && ')
  const child = spawn('sh', ['-c', `${join} && echo joined && { ${script}; }`], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  t.teardown(() => child.kill('SIGKILL'))
  await once(child.stdout, 'data')
  return child
}

async function exitOf(child: ChildProcess): Promise<number | string> {
  if (child.exitCode !== null) return child.exitCode
  if (child.signalCode !== null) return child.signalCode
  await once(child, 'exit')
  return child.exitCode ?? child.signalCode ?? ''
}

async function until(condition: () => boolean): Promise<boolean> {
  for (let round = 0; round < 500 && !condition(); round++) await sleep(10)
  return condition()
}

const removeParents = (): void => {
  const probe = planCgroup({
    hierarchy,
    resources: { memory: { limit: MIB }, pids: { limit: 1 }, cpu: { shares: 5, cpus: '0' } },
    cgroupPath: `/mycontainer-test-${process.pid}`,
    rootless: false,
  })
  removeGroup(probe.location)
}
t.teardown(removeParents)

t.test('a memory hog is killed and counted', async (t) => {
  const plan = makeGroup(t, { memory: { limit: 20 * MIB, swap: 20 * MIB } })
  const hog = await runIn(t, plan, 'exec tail /dev/zero')
  t.equal(await exitOf(hog), 'SIGKILL')
  t.ok(readOomKills(plan.location) >= 1)
  t.ok((readStats(plan.location).memory.maxBytes ?? 0) <= 24 * MIB)
})

t.test('no process beyond the limit', async (t) => {
  const plan = makeGroup(t, { pids: { limit: 5 } })
  const four = 'sleep 60 & sleep 60 & sleep 60 & sleep 60 &'
  await runIn(t, plan, `${four} exec sleep 60`)
  t.ok(await until(() => readStats(plan.location).pids.current === 5))
  t.same(readStats(plan.location).pids, {
    source: hierarchy.v1['pids'] ? 'v1' : 'v2',
    current: 5,
    limit: 5,
  })
  const sixth = await runIn(t, plan, '/bin/true; exit 0')
  t.not(await exitOf(sixth), 0, 'it may join, but not fork')
  killAll(plan.location)
  t.ok(await until(() => !isPopulated(plan.location)))
})

t.test('statistics name their source', async (t) => {
  const plan = makeGroup(t, {})
  await runIn(t, plan, 'i=0; while [ $i -lt 20000 ]; do i=$((i+1)); done; sleep 60')
  t.ok(await until(() => readStats(plan.location).cpu.usageNs > 1_000_000))
  const { cpu, memory, pids } = readStats(plan.location)
  const counted = hierarchy.v2?.controllers.includes('memory') ? 'v2' : 'proc'
  t.match({ cpu, memory, pids }, { cpu: { source: 'v2' }, memory: { source: counted } })
  t.ok(memory.usageBytes > 0)
  t.ok(pids.current >= 1)
  t.ok(readPressure(plan.location).cpu || !existsSync('/proc/pressure'))
})

t.test('frozen processes use no CPU, and go on when thawed', async (t) => {
  const plan = makeGroup(t, {})
  await runIn(t, plan, 'while :; do :; done')
  freeze(plan.location)
  t.ok(isFrozen(plan.location))
  const before = readStats(plan.location).cpu.usageNs
  await sleep(50) // The subject of the test is that nothing happens in this time.
  t.ok(readStats(plan.location).cpu.usageNs - before < 1_000_000)
  thaw(plan.location)
  t.notOk(isFrozen(plan.location))
  t.ok(await until(() => readStats(plan.location).cpu.usageNs > before + 5_000_000))
})

t.test('frozen processes can be killed; removal takes groups below along', async (t) => {
  const plan = makeGroup(t, { pids: { limit: 100 } })
  const child = await runIn(t, plan, 'sleep 60 & sleep 60 & wait')
  t.ok(await until(() => listPids(plan.location).length === 3))
  freeze(plan.location)
  const below = planCgroup({
    hierarchy,
    cgroupPath: `${plan.location.path}/below/deeper`,
    rootless: false,
  })
  applyPlan(below)
  removeGroup(plan.location)
  t.equal(await exitOf(child), 'SIGKILL')
  t.notOk(isPopulated(plan.location))
  for (const folder of foldersOf(plan.location)) t.notOk(existsSync(folder), folder)
  removeGroup(plan.location)
})

t.test('a group that exists is not taken over', async (t) => {
  const plan = makeGroup(t, {})
  t.throws(() => applyPlan(plan), { code: 'ALREADY_EXISTS' })
  t.ok(existsSync(String(plan.cloneInto)))
})

t.test('a refused limit leaves nothing behind', async (t) => {
  const plan = planCgroup({
    hierarchy,
    resources: { cpu: { cpus: '4000' } },
    cgroupPath: `/mycontainer-test-${process.pid}/refused`,
    rootless: false,
  })
  t.throws(() => applyPlan(plan), { code: 'SYSCALL_FAILED' })
  for (const folder of foldersOf(plan.location)) t.notOk(existsSync(folder), folder)
})

t.test('limits of a running container rise and fall', async (t) => {
  const plan = makeGroup(t, { memory: { limit: 64 * MIB, swap: 64 * MIB } })
  await runIn(t, plan, 'sleep 60')
  let { location } = plan
  for (const size of [128, 32, 96]) {
    const resources = {
      memory: { limit: size * MIB, swap: size * MIB },
      cpu: { quota: size * 1000, period: 100_000, burst: 1000 },
    }
    location = updateResources({ location, hierarchy, resources, rootless: false }).location
    t.equal(readStats(location).memory.limitBytes, size * MIB)
  }
  const [pid] = listPids(location)
  const own = readFileSync(`/proc/${pid}/cgroup`, 'utf8')
  t.match(own, hierarchy.v1['cpu'] ? `:cpu:${location.path}` : `0::${location.path}`)
  removeGroup(location)
})

t.test('swap alone can be changed', async (t) => {
  const plan = makeGroup(t, { memory: { limit: 64 * MIB, swap: 64 * MIB } })
  const { location } = plan
  const resources = { memory: { swap: 80 * MIB } }
  updateResources({ location, hierarchy, resources, rootless: false })
  const [file, want] = hierarchy.v1['memory']
    ? [`${location.v1['memory']}/memory.memsw.limit_in_bytes`, 80 * MIB]
    : [`${location.v2}/memory.swap.max`, 16 * MIB]
  t.equal(Number(readFileSync(file, 'utf8')), want)
})

t.test('an update below the present usage can be refused', async (t) => {
  const plan = makeGroup(t, { memory: { limit: 64 * MIB } })
  await runIn(t, plan, 'sleep 60')
  const resources = { memory: { limit: 4096, checkBeforeUpdate: true } }
  const request = { location: plan.location, hierarchy, resources, rootless: false }
  t.throws(() => updateResources(request), { code: 'BAD_STATE' })
  t.equal(readStats(plan.location).memory.limitBytes, 64 * MIB)
})

t.test('a bad update is undone', async (t) => {
  const plan = makeGroup(t, { memory: { limit: 64 * MIB }, cpu: { cpus: '0' } })
  await runIn(t, plan, 'sleep 60')
  const resources = { memory: { limit: 32 * MIB }, cpu: { cpus: '4000' } }
  const request = { location: plan.location, hierarchy, resources, rootless: false }
  t.throws(() => updateResources(request), { code: 'SYSCALL_FAILED' })
  t.equal(readStats(plan.location).memory.limitBytes, 64 * MIB)
})
