import { isObject, listAt, numberAt, textAt, valueAt } from '../object.ts'
import type { JsonObject, KubeObject } from '../object.ts'
import { ageColumn, ageOf, column, nameColumn, wide } from './column.ts'
import type { Column } from './column.ts'

const none = '<none>'

function isAlways(container: JsonObject | undefined): boolean {
  return container?.['restartPolicy'] === 'Always'
}

function statusesOf(pod: KubeObject, list: string): JsonObject[] {
  return listAt(pod, ['status', list])
}

/** Containers that count as the pod's own: the main ones, and sidecars. */
function readyCount(pod: KubeObject): { ready: number; total: number } {
  const sidecars = listAt(pod, ['spec', 'initContainers']).filter(isAlways)
  const names = new Set(sidecars.map(({ name }) => name))
  const statuses = [
    ...statusesOf(pod, 'containerStatuses').filter(
      ({ state }) => isObject(state) && isObject(state['running']),
    ),
    ...statusesOf(pod, 'initContainerStatuses').filter(({ name }) => names.has(name)),
  ]
  const ready = statuses.filter((status) => status['ready'] === true).length
  return { ready, total: listAt(pod, ['spec', 'containers']).length + sidecars.length }
}

function stateReason(status: JsonObject): string | undefined {
  const waiting = textAt(status, ['state', 'waiting', 'reason'])
  if (waiting) return waiting
  const terminated = valueAt(status, ['state', 'terminated'])
  if (!isObject(terminated)) return undefined
  if (terminated['reason']) return textAt(terminated, ['reason'])
  const signal = numberAt(terminated, ['signal']) ?? 0
  return signal === 0 ? `ExitCode:${numberAt(terminated, ['exitCode']) ?? 0}` : `Signal:${signal}`
}

/** Why initialisation has not ended, or undefined when it has. */
function initReason(pod: KubeObject): string | undefined {
  const containers = listAt(pod, ['spec', 'initContainers'])
  const statuses = statusesOf(pod, 'initContainerStatuses')
  for (const [index, status] of statuses.entries()) {
    const terminated = valueAt(status, ['state', 'terminated'])
    if (isObject(terminated) && numberAt(terminated, ['exitCode']) === 0) continue
    const container = containers.find(({ name }) => name === status['name'])
    if (isAlways(container) && status['started'] === true) continue
    if (isObject(terminated)) return `Init:${stateReason(status)}`
    const waiting = textAt(status, ['state', 'waiting', 'reason'])
    if (waiting && waiting !== 'PodInitializing') return `Init:${waiting}`
    return `Init:${index}/${containers.length}`
  }
  return undefined
}

/** The word under STATUS. */
export function podStatusText(pod: KubeObject): string {
  const phase = textAt(pod, ['status', 'phase']) ?? 'Unknown'
  const gated = listAt(pod, ['status', 'conditions']).some(
    ({ type, reason }) => type === 'PodScheduled' && reason === 'SchedulingGated',
  )
  let text = textAt(pod, ['status', 'reason']) || (gated ? 'SchedulingGated' : phase)
  const initialising = initReason(pod)
  if (initialising !== undefined) text = initialising
  else {
    let hasRunning = false
    for (const status of statusesOf(pod, 'containerStatuses').toReversed()) {
      const reason = stateReason(status)
      if (reason !== undefined) text = reason
      else if (status['ready'] === true) hasRunning = true
    }
    if (text === 'Completed' && hasRunning) text = isReady(pod) ? 'Running' : 'NotReady'
  }
  if (pod.metadata.deletionTimestamp === undefined) return text
  if (textAt(pod, ['status', 'reason']) === 'NodeLost') return 'Unknown'
  return phase === 'Succeeded' || phase === 'Failed' ? text : 'Terminating'
}

function isReady(pod: KubeObject): boolean {
  return listAt(pod, ['status', 'conditions']).some(
    ({ type, status }) => type === 'Ready' && status === 'True',
  )
}

function restarts(pod: KubeObject, now: Date): string {
  const statuses = statusesOf(pod, 'containerStatuses')
  const total = statuses.reduce((sum, status) => sum + (numberAt(status, ['restartCount']) ?? 0), 0)
  const ends = statuses.flatMap(
    (status) => textAt(status, ['lastState', 'terminated', 'finishedAt']) ?? [],
  )
  const last = ends.toSorted().at(-1)
  return total > 0 && last !== undefined ? `${total} (${ageOf(last, now)} ago)` : String(total)
}

function readinessGates(pod: KubeObject): string {
  const gates = listAt(pod, ['spec', 'readinessGates'])
  if (gates.length === 0) return none
  const conditions = listAt(pod, ['status', 'conditions'])
  const passed = gates.filter(({ conditionType }) =>
    conditions.some(({ type, status }) => type === conditionType && status === 'True'),
  )
  return `${passed.length}/${gates.length}`
}

export const podColumns: readonly Column[] = [
  nameColumn,
  column('Ready', (pod) => `${readyCount(pod).ready}/${readyCount(pod).total}`),
  column('Status', podStatusText),
  column('Restarts', restarts),
  ageColumn,
  wide('IP', (pod) => textAt(pod, ['status', 'podIP']) || none),
  wide('Node', (pod) => textAt(pod, ['spec', 'nodeName']) || none),
  wide('Nominated Node', (pod) => textAt(pod, ['status', 'nominatedNodeName']) || none),
  wide('Readiness Gates', readinessGates),
]
