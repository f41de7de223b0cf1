import { listAt, numberAt, textAt, valueAt } from '../../api/object.ts'
import type { KubeObject } from '../../api/object.ts'
import { readChosen } from './chosen-objects.ts'
import type { Chosen } from './chosen-objects.ts'
import { CommandFailure } from './session.ts'
import type { Session } from './session.ts'

const interval = 100

/** Say how far a rollout is, until it is through. @param timeout milliseconds; 0: as long as it takes */
export async function followRollout(
  session: Session,
  chosen: Chosen,
  timeout: number,
): Promise<void> {
  const { setTimeout: pause } = await import('node:timers/promises')
  const deadline = timeout === 0 ? Infinity : Date.now() + timeout
  let told = ''
  while (Date.now() < deadline) {
    const object = await readChosen(session, chosen)
    const { text, isDone } = progressOf(object)
    if (text !== told) process.stdout.write(`${text}\n`)
    told = text
    if (isDone) return
    await pause(interval)
  }
  throw new CommandFailure('timed out waiting for the condition')
}

interface Progress {
  readonly text: string
  readonly isDone: boolean
}

/** @throws CommandFailure for what has no rollout, and for a deployment that did not get on in time */
function progressOf(object: KubeObject): Progress {
  if (object.kind === 'Deployment') return deploymentProgress(object)
  if (object.kind === 'DaemonSet') return daemonSetProgress(object)
  if (object.kind === 'StatefulSet') return statefulSetProgress(object)
  throw new CommandFailure(`no status viewer has been implemented for ${object.kind}`)
}

const at = (object: KubeObject, part: 'spec' | 'status', field: string): number =>
  numberAt(object, [part, field]) ?? 0

function isObserved(object: KubeObject): boolean {
  return (object.metadata.generation ?? 0) <= at(object, 'status', 'observedGeneration')
}

function deploymentProgress(object: KubeObject): Progress {
  const name = object.metadata.name ?? ''
  const waiting = (text: string): Progress => ({
    text: `Waiting for deployment "${name}" rollout to finish: ${text}...`,
    isDone: false,
  })
  if (!isObserved(object))
    return { text: 'Waiting for deployment spec update to be observed...', isDone: false }
  const progressing = listAt(object, ['status', 'conditions']).find(
    ({ type }) => type === 'Progressing',
  )
  if (textAt(progressing, ['reason']) === 'ProgressDeadlineExceeded')
    throw new CommandFailure(`deployment "${name}" exceeded its progress deadline`)
  const wanted = at(object, 'spec', 'replicas')
  const updated = at(object, 'status', 'updatedReplicas')
  const all = at(object, 'status', 'replicas')
  const available = at(object, 'status', 'availableReplicas')
  if (updated < wanted) return waiting(`${updated} out of ${wanted} new replicas have been updated`)
  if (all > updated) return waiting(`${all - updated} old replicas are pending termination`)
  if (available < updated)
    return waiting(`${available} of ${updated} updated replicas are available`)
  return { text: `deployment "${name}" successfully rolled out`, isDone: true }
}

function daemonSetProgress(object: KubeObject): Progress {
  const name = object.metadata.name ?? ''
  const waiting = (text: string): Progress => ({
    text: `Waiting for daemon set "${name}" rollout to finish: ${text}...`,
    isDone: false,
  })
  if (!isObserved(object))
    return { text: 'Waiting for daemon set spec update to be observed...', isDone: false }
  const wanted = at(object, 'status', 'desiredNumberScheduled')
  const updated = at(object, 'status', 'updatedNumberScheduled')
  const available = at(object, 'status', 'numberAvailable')
  if (updated < wanted) return waiting(`${updated} out of ${wanted} new pods have been updated`)
  if (available < wanted) return waiting(`${available} of ${wanted} updated pods are available`)
  return { text: `daemon set "${name}" successfully rolled out`, isDone: true }
}

function statefulSetProgress(object: KubeObject): Progress {
  if (!isObserved(object))
    return { text: 'Waiting for statefulset spec update to be observed...', isDone: false }
  const wanted = at(object, 'spec', 'replicas')
  const ready = at(object, 'status', 'readyReplicas')
  if (ready < wanted)
    return { text: `Waiting for ${wanted - ready} pods to be ready...`, isDone: false }
  const revision = textAt(object, ['status', 'updateRevision'])
  if (revision !== valueAt(object, ['status', 'currentRevision'])) {
    const updated = at(object, 'status', 'updatedReplicas')
    const text = `waiting for statefulset rolling update to complete ${updated} pods at revision ${revision ?? ''}...`
    return { text, isDone: false }
  }
  const current = at(object, 'status', 'currentReplicas')
  const text = `statefulset rolling update complete ${current} pods at revision ${revision ?? ''}...`
  return { text, isDone: true }
}
