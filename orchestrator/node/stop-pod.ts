import type { KubeObject } from '../api/object.ts'
import { containerSpecs } from './pod-containers.ts'
import type { PodContainers } from './pod-worker-containers.ts'

/**
 * End everything that runs in a pod: first its containers, then its sidecars in the reverse order of their start.
 *
 * @see https://kubernetes.io/docs/concepts/workloads/pods/sidecar-containers/#pod-termination
 */
export async function stopPod(
  containers: PodContainers,
  pod: KubeObject,
  graceSeconds: number,
): Promise<void> {
  const specs = containerSpecs(pod)
  const deadline = performance.now() + graceSeconds * 1000
  const left = (): number => Math.max(0, Math.ceil((deadline - performance.now()) / 1000))
  await containers.halt()
  await containers.stop(
    specs.filter(({ role }) => role !== 'sidecar'),
    graceSeconds,
  )
  for (const sidecar of specs.filter(({ role }) => role === 'sidecar').toReversed())
    await containers.stop([sidecar], left())
}
