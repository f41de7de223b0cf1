import { readFileSync } from 'node:fs'
import type { CgroupPlan } from '../../cgroup/cgroup-plan.ts'
import { foldersOf, writeGroupFile } from '../../cgroup/cgroup-files.ts'
import type { ProgramLauncher } from '../../container/zygote.ts'
import { readHostFacts } from '../../inspect-host/host-facts.ts'
import { compileGroups } from '../../program/compile-groups.ts'
import { encodeProgram } from '../../program/encode.ts'
import type { CompiledContainer } from '../compile-container.ts'
import { explainOciFailure } from '../oci-failure.ts'
import { cgroupRoot } from './request.ts'
import type { WireField } from './wire-format.ts'

/** The container's groups, with the limits and rules of its configuration. @throws {OperationError} */
export async function makeGroups(
  { folder, bundle, config, cgroup }: CompiledContainer,
  zygote: ProgramLauncher,
): Promise<void> {
  if (!cgroup) return
  const facts = readHostFacts()
  const program = compileGroups({ ...facts, cgroupMode: facts.cgroups.mode }, cgroup)
  const outcome = await zygote.submit(encodeProgram(program)).started
  if (outcome.kind === 'created' || outcome.kind === 'running') return
  throw explainOciFailure({ folder, program, config, rootfs: bundle.rootfs, outcome })
}

/**
 * Have CRIU work inside of the container's groups: what it makes is born there, whatever the images say. For its own
 * doing it is told that these are the container's.
 */
export function joinGroups(plan: CgroupPlan | undefined, pid: number): WireField[] {
  if (!plan) return []
  for (const folder of foldersOf(plan.location))
    writeGroupFile(
      `${folder}/cgroup.procs`,
      String(pid),
      'have the container restored in its group',
    )
  return readFileSync(`/proc/${pid}/cgroup`, 'utf8')
    .split('\n')
    .filter(Boolean)
    .map((line) => {
      const [, controllers = '', path = ''] = /^\d+:([^:]*):(.*)$/.exec(line) ?? []
      return cgroupRoot(controllers, path)
    })
}
