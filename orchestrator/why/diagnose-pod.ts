import { listAt, numberAt, textAt, valueAt } from '../api/object.ts'
import type { JsonObject, KubeObject } from '../api/object.ts'
import { cureOfConfig, cureOfEnd, cureOfImage } from './cures.ts'

/** Something that a pod waits for, and what to do about it. */
export interface Finding {
  /** `pod`, or `container web`. */
  readonly about: string
  /** In the words of its status: `ImagePullBackOff`. */
  readonly state: string
  readonly cause: string
  readonly cure: string
}

/**
 * Why a pod does not serve: from its status, and from its latest events where the status says nothing. Pure.
 *
 * @param events of the pod, oldest first
 */
export function diagnosePod(pod: KubeObject, events: readonly KubeObject[] = []): Finding[] {
  const findings = [...ofPod(pod, events)]
  for (const field of ['initContainerStatuses', 'containerStatuses'])
    for (const status of listAt(pod, ['status', field]))
      findings.push(...ofContainer(pod, status, events))
  return findings
}

function ofPod(pod: KubeObject, events: readonly KubeObject[]): Finding[] {
  const about = 'pod'
  const { deletionTimestamp, finalizers = [] } = pod.metadata
  if (deletionTimestamp !== undefined)
    return [
      {
        about,
        state: 'Terminating',
        cause: `it was deleted at ${deletionTimestamp}${finalizers.length > 0 ? `, and ${finalizers.join(', ')} hold it` : ''}`,
        cure: 'It goes when its containers have ended, at the latest after its grace period',
      },
    ]
  const scheduled = conditionOf(pod, 'PodScheduled')
  if (scheduled?.['status'] === 'False')
    return [
      {
        about,
        state: textAt(scheduled, ['reason']) ?? 'Pending',
        cause: textAt(scheduled, ['message']) ?? '',
        cure:
          textAt(scheduled, ['reason']) === 'SchedulingGated'
            ? 'Remove what is left in spec.schedulingGates'
            : 'Change the pod, or the nodes, as said above',
      },
    ]
  if (textAt(pod, ['spec', 'nodeName']) === undefined)
    return [
      {
        about,
        state: 'Pending',
        cause: `no scheduler called ${textAt(pod, ['spec', 'schedulerName']) ?? 'default-scheduler'} has looked at it yet`,
        cure: 'Start one, or set spec.schedulerName to one that runs',
      },
    ]
  return [...ofEnd(pod), ...ofPreparation(pod, events)]
}

function ofEnd(pod: KubeObject): Finding[] {
  const reason = textAt(pod, ['status', 'reason'])
  if (textAt(pod, ['status', 'phase']) !== 'Failed' || reason === undefined) return []
  const cause = textAt(pod, ['status', 'message']) ?? ''
  return [{ about: 'pod', state: reason, cause, cure: 'It is not started again: make a new one' }]
}

/** Sandbox and volumes come before any container, and only events tell of them. */
function ofPreparation(pod: KubeObject, events: readonly KubeObject[]): Finding[] {
  const statuses = listAt(pod, ['status', 'containerStatuses'])
  const isHeld = statuses.every((one) =>
    ['ContainerCreating', 'PodInitializing'].includes(
      textAt(one, ['state', 'waiting', 'reason']) ?? '',
    ),
  )
  const last = events.findLast(({ reason }) =>
    ['FailedMount', 'FailedCreatePodSandBox', 'FailedAttachVolume'].includes(String(reason)),
  )
  if (!isHeld) return []
  if (!last) return ofPull(events)
  const cause = String(last['message'])
  return [{ about: 'pod', state: String(last['reason']), cause, cure: cureOfConfig(cause) }]
}

/** A long pull says nothing in the status. */
function ofPull(events: readonly KubeObject[]): Finding[] {
  const last = events.findLast(({ reason }) => ['Pulling', 'Pulled'].includes(String(reason)))
  if (last?.['reason'] !== 'Pulling') return []
  const cause = String(last['message'])
  return [
    { about: 'pod', state: 'Pulling', cause, cure: 'Wait; or bring it with "myorch image load"' },
  ]
}

function ofContainer(
  pod: KubeObject,
  status: JsonObject,
  events: readonly KubeObject[],
): Finding[] {
  const name = textAt(status, ['name']) ?? ''
  const about = `container ${name}`
  const target = `${pod.metadata.name} -n ${pod.metadata.namespace} -c ${name}`
  const waiting = textAt(status, ['state', 'waiting', 'reason'])
  const message = textAt(status, ['state', 'waiting', 'message']) ?? ''
  const image = textAt(status, ['image']) ?? ''
  const ended =
    valueAt(status, ['state', 'terminated']) ?? valueAt(status, ['lastState', 'terminated'])
  switch (waiting) {
    case 'ErrImagePull':
    case 'ImagePullBackOff':
    case 'ErrImageNeverPull':
    case 'InvalidImageName':
      return [{ about, state: waiting, cause: message, cure: cureOfImage(waiting, image, message) }]
    case 'CreateContainerConfigError':
    case 'CreateContainerError':
    case 'RunContainerError':
      return [{ about, state: waiting, cause: message, cure: cureOfConfig(message) }]
    case 'CrashLoopBackOff':
      return [{ about, state: waiting, cause: describeEnd(ended), cure: cureOfEnd(ended, target) }]
    default:
  }
  if (valueAt(status, ['state', 'terminated']) !== undefined)
    return numberAt(ended, ['exitCode']) === 0
      ? []
      : [
          {
            about,
            state: textAt(ended, ['reason']) ?? 'Error',
            cause: describeEnd(ended),
            cure: cureOfEnd(ended, target, true),
          },
        ]
  if (valueAt(status, ['state', 'running']) === undefined || status['ready'] === true) return []
  return [notReady(about, target, status, events)]
}

function notReady(
  about: string,
  target: string,
  status: JsonObject,
  events: readonly KubeObject[],
): Finding {
  const name = textAt(status, ['name']) ?? ''
  const last = events.findLast(
    (event) =>
      event['reason'] === 'Unhealthy' &&
      (textAt(event, ['involvedObject', 'fieldPath']) ?? '').includes(`{${name}}`),
  )
  const what = status['started'] === false ? 'NotStarted' : 'NotReady'
  const cause = last ? String(last['message']) : 'its probe has not succeeded yet'
  const cure = `See what the program says with "kubectl logs ${target}", and whether the probe asks for the right port and path`
  return { about, state: what, cause, cure }
}

function conditionOf(pod: KubeObject, type: string): JsonObject | undefined {
  return listAt(pod, ['status', 'conditions']).find((one) => one['type'] === type)
}

function describeEnd(ended: unknown): string {
  const code = numberAt(ended, ['exitCode'])
  if (code === undefined) return 'it ended again and again'
  const reason = textAt(ended, ['reason']) ?? 'Error'
  const message = (textAt(ended, ['message']) ?? '').trim()
  return `it ended with code ${code} (${reason})${message === '' ? '' : `: ${message}`}`
}
