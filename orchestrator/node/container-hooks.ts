import { isObject, valueAt } from '../api/object.ts'
import type { ContainerOwner } from './container-owner.ts'
import type { ContainerRun, ContainerSpec } from './pod-containers.ts'
import type { ProbeTarget } from './probes/run-probe.ts'
import { runHook } from './run-hook.ts'
import { execForProbe } from './server/container-processes.ts'

/** How probes and hooks reach one run of a container. */
export function probeTarget(
  owner: ContainerOwner,
  { spec }: ContainerSpec,
  run: ContainerRun,
): ProbeTarget {
  return {
    container: spec,
    podIP: owner.address(),
    exec: (command, timeoutMs) => execForProbe(owner.tools.context, run.id, command, timeoutMs),
  }
}

/** Run what a container has for one moment of its life; fine where it has nothing. @returns why it failed */
export async function runLifecycleHook(
  owner: ContainerOwner,
  container: ContainerSpec,
  run: ContainerRun,
  moment: { readonly name: 'postStart' | 'preStop'; readonly seconds: number },
): Promise<string | undefined> {
  const hook = valueAt(container.spec, ['lifecycle', moment.name])
  if (!isObject(hook) || moment.seconds <= 0) return undefined
  return runHook(probeTarget(owner, container, run), hook, moment.seconds * 1000)
}
