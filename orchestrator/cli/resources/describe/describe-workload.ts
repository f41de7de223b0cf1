import { selectorText } from '../../../api/print/cells.ts'
import { isObject, listAt, plainText, textAt, valueAt } from '../../../api/object.ts'
import type { KubeObject } from '../../../api/object.ts'
import type { Session } from '../session.ts'
import { amount, isControlledBy, podCounts } from './describe-pod.ts'
import {
  annotations,
  controlledBy,
  heading,
  labels,
  list,
  none,
  sorted,
  timeAt,
  unset,
} from './page.ts'
import type { Page } from './page.ts'
import { writePodTemplate } from './pod-template.ts'
import { related, relatedKinds } from './related.ts'

const revision = 'deployment.kubernetes.io/revision'

export async function describeDeployment(
  page: Page,
  deployment: KubeObject,
  session: Session,
): Promise<void> {
  const { spec, status, metadata } = deployment
  heading(page, deployment)
  page.line(0, 'CreationTimestamp:', timeAt(deployment, 'metadata', 'creationTimestamp'))
  labels(page, deployment)
  annotations(page, metadata.annotations)
  page.line(0, 'Selector:', selectorText(spec?.['selector']))
  const replicas = [
    `${amount(spec, 'replicas')} desired`,
    `${amount(status, 'updatedReplicas')} updated`,
    `${amount(status, 'replicas')} total`,
    `${amount(status, 'availableReplicas')} available`,
    `${amount(status, 'unavailableReplicas')} unavailable`,
  ]
  page.line(0, 'Replicas:', replicas.join(' | '))
  page.line(0, 'StrategyType:', textAt(spec, ['strategy', 'type']))
  page.line(0, 'MinReadySeconds:', amount(spec, 'minReadySeconds'))
  const rolling = valueAt(spec, ['strategy', 'rollingUpdate'])
  if (rolling !== undefined) {
    const at = (field: string): string => plainText(valueAt(rolling, [field]))
    const text = `${at('maxUnavailable')} max unavailable, ${at('maxSurge')} max surge`
    page.line(0, 'RollingUpdateStrategy:', text)
  }
  writePodTemplate(page, spec?.['template'])
  writeConditions(page, deployment)
  const sets = await related(session, relatedKinds.replicaSets, { namespace: metadata.namespace })
  writeReplicaSets(
    page,
    deployment,
    sets.filter((set) => isControlledBy(set, deployment)),
  )
}

function writeReplicaSets(page: Page, { metadata }: KubeObject, sets: readonly KubeObject[]): void {
  const current = metadata.annotations?.[revision]
  const isNew = (set: KubeObject): boolean => set.metadata.annotations?.[revision] === current
  const text = (set: KubeObject): string =>
    `${set.metadata.name ?? ''} (${amount(set, 'status', 'replicas')}/${amount(set, 'spec', 'replicas')} replicas created)`
  const old = sets.filter((set) => !isNew(set)).map(text)
  page.line(0, 'OldReplicaSets:', old.join(', ') || none)
  page.line(0, 'NewReplicaSet:', sets.filter(isNew).map(text).join(', ') || none)
}

function writeConditions(page: Page, object: KubeObject): void {
  const conditions = listAt(object, ['status', 'conditions'])
  if (conditions.length === 0) return
  page.line(0, 'Conditions:')
  page.line(1, 'Type', 'Status', 'Reason')
  page.line(1, '----', '------', '------')
  for (const { type, status, reason } of conditions)
    page.line(1, `${plainText(type)} `, status, reason)
}

/** How many of the pods are in which phase. */
async function podsText(session: Session, owner: KubeObject): Promise<string> {
  const namespace = owner.metadata.namespace
  const pods = await related(session, relatedKinds.pods, { namespace })
  return podCounts(pods.filter((pod) => isControlledBy(pod, owner)))
}

export async function describeReplicaSet(
  page: Page,
  set: KubeObject,
  session: Session,
): Promise<void> {
  const { spec, status } = set
  heading(page, set)
  // A replication controller selects by labels alone.
  page.line(0, 'Selector:', selectorText(spec?.['selector']))
  labels(page, set)
  annotations(page, set.metadata.annotations)
  controlledBy(page, set)
  const counts = `${amount(status, 'replicas')} current / ${amount(spec, 'replicas')} desired`
  page.line(0, 'Replicas:', counts)
  page.line(0, 'Pods Status:', await podsText(session, set))
  writePodTemplate(page, spec?.['template'])
  writeConditions(page, set)
}

export async function describeStatefulSet(
  page: Page,
  set: KubeObject,
  session: Session,
): Promise<void> {
  const { spec, status } = set
  heading(page, set)
  page.line(0, 'CreationTimestamp:', timeAt(set, 'metadata', 'creationTimestamp'))
  page.line(0, 'Selector:', selectorText(spec?.['selector']))
  labels(page, set)
  annotations(page, set.metadata.annotations)
  const counts = `${amount(spec, 'replicas')} desired | ${amount(status, 'replicas')} total`
  page.line(0, 'Replicas:', counts)
  page.line(0, 'Update Strategy:', textAt(spec, ['updateStrategy', 'type']))
  const partition = valueAt(spec, ['updateStrategy', 'rollingUpdate', 'partition'])
  if (partition !== undefined) page.line(0, '  Partition:', partition)
  page.line(0, 'Pods Status:', await podsText(session, set))
  writePodTemplate(page, spec?.['template'])
  const claims = listAt(spec, ['volumeClaimTemplates'])
  page.line(0, 'Volume Claims:', ...(claims.length === 0 ? [none] : []))
  for (const claim of claims) {
    page.line(0, '  Name:', textAt(claim, ['metadata', 'name']))
    page.line(0, '  StorageClass:', textAt(claim, ['spec', 'storageClassName']) ?? '')
    page.map('  Labels', valueAt(claim, ['metadata', 'labels']))
    annotations(page, valueAt(claim, ['metadata', 'annotations']), '  Annotations')
    const capacity = textAt(claim, ['spec', 'resources', 'requests', 'storage'])
    page.line(0, '  Capacity:', capacity ?? '<default>')
    page.line(0, '  Access Modes:', valueAt(claim, ['spec', 'accessModes']) ?? [])
  }
}

export async function describeDaemonSet(
  page: Page,
  set: KubeObject,
  session: Session,
): Promise<void> {
  const { spec, status } = set
  heading(page, set)
  page.line(0, 'Selector:', selectorText(spec?.['selector']))
  const nodes = sorted(valueAt(spec, ['template', 'spec', 'nodeSelector']))
  const text = nodes.map(([name, value]) => `${name}=${plainText(value)}`).join(',')
  page.line(0, 'Node-Selector:', text || none)
  labels(page, set)
  annotations(page, set.metadata.annotations)
  const counts = [
    ['Desired Number of Nodes Scheduled', 'desiredNumberScheduled'],
    ['Current Number of Nodes Scheduled', 'currentNumberScheduled'],
    ['Number of Nodes Scheduled with Up-to-date Pods', 'updatedNumberScheduled'],
    ['Number of Nodes Scheduled with Available Pods', 'numberAvailable'],
    ['Number of Nodes Misscheduled', 'numberMisscheduled'],
  ] as const
  for (const [title, field] of counts) page.line(0, `${title}: ${amount(status, field)}`)
  page.line(0, 'Pods Status:', await podsText(session, set))
  writePodTemplate(page, spec?.['template'])
}

/** A list of objects in a status, with their names one a line. */
export function writeActive(page: Page, active: readonly unknown[]): void {
  const names = active.filter(isObject).map((each) => plainText(each['name']))
  list(page, 'Active Jobs:', names.length === 0 ? [] : [names.join(', ')])
}

export const orUnset = (value: unknown): string => (value === undefined ? unset : plainText(value))
