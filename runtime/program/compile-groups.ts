import type { CgroupPlan } from '../cgroup/cgroup-plan.ts'
import { prepareCgroup, restrictDevices } from './cgroup.ts'
import type { CompileHost } from './compile-input.ts'
import { RECORD } from './format.ts'
import type { Program } from './program.ts'
import { startSideProcess } from './side-process.ts'

/** Compile a process that makes control groups with their limits and rules of devices, says so, and ends. Pure. */
export function compileGroups(host: CompileHost, plan: CgroupPlan): Program {
  const c = startSideProcess(host, 'groups')
  prepareCgroup(c, plan)
  restrictDevices(c, plan)
  c.b.operation('RECORD', [RECORD.CREATED, 0], {
    why: 'the groups are there, for whoever joins them',
    source: 'cgroups(7)',
  })
  c.b.operation('END', [], { why: 'groups need nobody to stay', source: 'cgroups(7)' })
  return c.b.build()
}
