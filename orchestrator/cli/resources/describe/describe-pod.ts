import { ageOf } from '../../../api/print/column.ts'
import { listAt, numberAt, plainText, textAt, valueAt } from '../../../api/object.ts'
import type { KubeObject } from '../../../api/object.ts'
import { writeContainers } from './containers.ts'
import { annotations, controlledBy, heading, labels, none, timeText } from './page.ts'
import type { Page } from './page.ts'
import { writePlacement, writeSpread } from './pod-template.ts'
import { writeVolumes } from './volumes.ts'

export function describePod(page: Page, pod: KubeObject): void {
  const { spec } = pod
  writeHead(page, pod)
  writeAddresses(page, pod)
  for (const [title, field, list] of containerLists) {
    const containers = listAt(spec, [field])
    if (containers.length > 0 || field === 'containers')
      writeContainers(page, { title, containers, statuses: listAt(pod, ['status', list]), pod })
  }
  writeGates(page, pod)
  writeConditions(page, pod)
  writeVolumes(page, listAt(spec, ['volumes']))
  page.line(0, 'QoS Class:', textAt(pod, ['status', 'qosClass']))
  writePlacement(page, spec)
  writeSpread(page, spec)
}

const containerLists = [
  ['Init Containers', 'initContainers', 'initContainerStatuses'],
  ['Containers', 'containers', 'containerStatuses'],
  ['Ephemeral Containers', 'ephemeralContainers', 'ephemeralContainerStatuses'],
] as const

function writeHead(page: Page, pod: KubeObject): void {
  const { spec, status, metadata } = pod
  heading(page, pod)
  const ifThere = (title: string, value: unknown): void => {
    const text = plainText(value)
    if (text !== '') page.line(0, `${title}:`, text)
  }
  ifThere('Priority', spec?.['priority'])
  ifThere('Priority Class Name', spec?.['priorityClassName'])
  ifThere('Runtime Class Name', spec?.['runtimeClassName'])
  ifThere('Service Account', spec?.['serviceAccountName'])
  const node = plainText(spec?.['nodeName'])
  page.line(0, 'Node:', node === '' ? none : `${node}/${plainText(status?.['hostIP'])}`)
  if (status?.['startTime'] !== undefined)
    page.line(0, 'Start Time:', timeText(status['startTime']))
  labels(page, pod)
  annotations(page, metadata.annotations)
  const { deletionTimestamp, deletionGracePeriodSeconds } = metadata
  if (deletionTimestamp !== undefined && status?.['reason'] !== 'NodeLost') {
    const since = ageOf(deletionTimestamp, new Date())
    page.line(0, 'Status:', `Terminating (lasts ${since})`)
    page.line(0, 'Termination Grace Period:', `${deletionGracePeriodSeconds ?? 0}s`)
  } else page.line(0, 'Status:', status?.['phase'])
  ifThere('Reason', status?.['reason'])
  ifThere('Message', status?.['message'])
  ifThere('SeccompProfile', valueAt(spec, ['securityContext', 'seccompProfile', 'type']))
  ifThere(
    'LocalhostProfile',
    valueAt(spec, ['securityContext', 'seccompProfile', 'localhostProfile']),
  )
}

function writeAddresses(page: Page, pod: KubeObject): void {
  page.line(0, 'IP:', textAt(pod, ['status', 'podIP']) ?? '')
  const addresses = listAt(pod, ['status', 'podIPs'])
  page.line(0, 'IPs:', ...(addresses.length === 0 ? [none] : []))
  for (const { ip } of addresses) page.line(1, 'IP:', ip)
  controlledBy(page, pod)
  const nominated = textAt(pod, ['status', 'nominatedNodeName'])
  if (nominated) page.line(0, 'NominatedNodeName:', nominated)
}

function writeGates(page: Page, pod: KubeObject): void {
  const gates = listAt(pod, ['spec', 'readinessGates'])
  if (gates.length === 0) return
  const conditions = listAt(pod, ['status', 'conditions'])
  page.line(0, 'Readiness Gates:')
  page.line(1, 'Type', 'Status')
  for (const { conditionType } of gates) {
    const found = conditions.find(({ type }) => type === conditionType)
    page.line(1, `${plainText(conditionType)} `, `${plainText(found?.['status']) || none} `)
  }
}

function writeConditions(page: Page, pod: KubeObject): void {
  const conditions = listAt(pod, ['status', 'conditions'])
  if (conditions.length === 0) return
  page.line(0, 'Conditions:')
  page.line(1, 'Type', 'Status')
  for (const { type, status } of conditions)
    page.line(1, `${plainText(type)} `, `${plainText(status)} `)
}

/** How many pods of a controller are in which phase. */
export function podCounts(pods: readonly KubeObject[]): string {
  const count = (phase: string): number =>
    pods.filter((pod) => textAt(pod, ['status', 'phase']) === phase).length
  return `${count('Running')} Running / ${count('Pending')} Waiting / ${count('Succeeded')} Succeeded / ${count('Failed')} Failed`
}

export function isControlledBy(pod: KubeObject, owner: KubeObject): boolean {
  return (
    pod.metadata.ownerReferences?.some(
      ({ controller, uid }) => controller === true && uid === owner.metadata.uid,
    ) ?? false
  )
}

/** A number of the spec or status, 0 where it is absent. */
export function amount(object: unknown, ...path: string[]): number {
  return numberAt(object, path) ?? 0
}
