import type { KubeObject } from '../api/object.ts'
import type { ContainerRun, ContainerSpec } from './pod-containers.ts'
import { restartPolicyOf } from './pod-containers.ts'

/** Whether a container that has ended is started again. */
export function willRestart(
  pod: KubeObject,
  { role }: Pick<ContainerSpec, 'role'>,
  { exitCode }: Pick<ContainerRun, 'exitCode'>,
): boolean {
  if (pod.metadata.deletionTimestamp !== undefined || role === 'ephemeral') return false
  if (role === 'sidecar') return true
  const policy = restartPolicyOf(pod)
  if (role === 'init') return exitCode !== 0 && policy !== 'Never'
  return policy === 'OnFailure' ? exitCode !== 0 : policy === 'Always'
}
