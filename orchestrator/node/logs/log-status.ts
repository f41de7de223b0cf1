import type { KubeObject } from '../../api/object.ts'
import { listAt, textAt, valueAt } from '../../api/object.ts'
import { badRequest } from '../../api/status-error.ts'

const statusFields = ['containerStatuses', 'initContainerStatuses', 'ephemeralContainerStatuses']

const waitingTexts: Readonly<Record<string, string>> = {
  ErrImagePull: "image can't be pulled",
  ImagePullBackOff: 'trying and failing to pull image',
}

/**
 * Check that a container of a pod has a log to show; one that runs, has ended, or did so before it waits again.
 *
 * @param pod with the status as the agent knows it
 * @throws StatusError 400 with what `kubectl logs` prints on Kubernetes
 */
export function requireLog(pod: KubeObject, container: string, previous: boolean): void {
  const of = `container "${container}" in pod "${pod.metadata.name ?? ''}"`
  const specs = ['containers', 'initContainers', 'ephemeralContainers'].flatMap((field) =>
    listAt(pod, ['spec', field]),
  )
  if (!specs.some(({ name }) => name === container))
    throw badRequest(`container ${container} is not valid for pod ${pod.metadata.name ?? ''}`)
  const status = statusFields
    .flatMap((field) => listAt(pod, ['status', field]))
    .find(({ name }) => name === container)
  if (!status) throw badRequest(`${of} is not available`)
  const hasEnded = valueAt(status, ['lastState', 'terminated']) !== undefined
  if (previous) {
    if (!hasEnded) throw badRequest(`previous terminated ${of} not found`)
    return
  }
  if (hasEnded || ['running', 'terminated'].some((it) => valueAt(status, ['state', it]))) return
  const reason = textAt(status, ['state', 'waiting', 'reason'])
  throw badRequest(
    reason === undefined
      ? `${of} is waiting to start - no logs yet`
      : `${of} is waiting to start: ${waitingTexts[reason] ?? reason}`,
  )
}
