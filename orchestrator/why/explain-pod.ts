import { StatusError } from '../api/status-error.ts'
import type { KubeObject } from '../api/object.ts'
import { textAt } from '../api/object.ts'
import type { Client } from '../client/client.ts'
import type { Decision } from '../scheduler/decision.ts'
import { formatDecision } from '../scheduler/format-decision.ts'
import { diagnosePod } from './diagnose-pod.ts'
import type { Finding } from './diagnose-pod.ts'

/** Everything that says why a pod is where and how it is. */
export interface PodExplanation {
  readonly pod: { readonly namespace: string; readonly name: string; readonly phase: string }
  /** Absent where the scheduler does not remember it, or did not choose. */
  readonly decision?: Decision
  readonly findings: readonly Finding[]
  readonly events: readonly EventLine[]
}

export interface EventLine {
  /** RFC 3339. */
  readonly at: string
  readonly type: string
  readonly reason: string
  readonly message: string
  readonly count: number
}

const shownEvents = 8

/** @throws {StatusError} where there is no such pod */
export async function explainPod(
  client: Client,
  namespace: string,
  name: string,
): Promise<PodExplanation> {
  const pod = await client.get({ apiVersion: 'v1', kind: 'Pod' }, { namespace, name })
  const fieldSelector = `involvedObject.uid=${pod.metadata.uid}`
  const [events, decision] = await Promise.all([
    client.list({ apiVersion: 'v1', kind: 'Event' }, { namespace, fieldSelector }),
    decisionAbout(client, namespace, name),
  ])
  const items = events.items.toSorted((a, b) => timeOf(a).localeCompare(timeOf(b)))
  const isOfThisPod = decision?.uid === pod.metadata.uid
  return {
    pod: { namespace, name, phase: textAt(pod, ['status', 'phase']) ?? 'Pending' },
    ...(decision && isOfThisPod ? { decision } : {}),
    findings: diagnosePod(pod, items),
    events: items.slice(-shownEvents).map((event) => ({
      at: timeOf(event),
      type: textAt(event, ['type']) ?? 'Normal',
      reason: textAt(event, ['reason']) ?? '',
      message: textAt(event, ['message']) ?? '',
      count: Number(event['count'] ?? 1),
    })),
  }
}

function timeOf(event: KubeObject): string {
  return textAt(event, ['lastTimestamp']) ?? textAt(event, ['eventTime']) ?? ''
}

async function decisionAbout(
  client: Client,
  namespace: string,
  name: string,
): Promise<Decision | undefined> {
  try {
    const path = `/myorch/v1/decisions/${encodeURIComponent(namespace)}/${encodeURIComponent(name)}`
    return (await client.request('GET', path)) as Decision
  } catch (error) {
    if (error instanceof StatusError && error.status.code === 404) return undefined
    throw error
  }
}

/** As text for a terminal. @param now milliseconds since 1970 */
export function formatExplanation(explanation: PodExplanation, now: number): string {
  const { pod, decision, findings, events } = explanation
  const head = decision
    ? formatDecision(decision)
    : `pod ${pod.namespace}/${pod.name}: the scheduler remembers no decision about it\n`
  const state =
    findings.length === 0
      ? [`It is ${pod.phase}, and nothing holds it up.`]
      : formatFindings(findings)
  const lines = events.map(({ at, type, reason, message, count }) => {
    const age = `${Math.max(0, Math.round((now - Date.parse(at)) / 1000))}s`
    const times = count > 1 ? ` (×${count})` : ''
    return `  ${age.padStart(6)}  ${type.padEnd(7)}  ${reason.padEnd(20)}  ${message.trim()}${times}`
  })
  const tail = lines.length === 0 ? [] : ['', 'Latest events', ...lines]
  return `${[head, ...state, ...tail].join('\n')}\n`
}

function formatFindings(findings: readonly Finding[]): string[] {
  return findings.flatMap(({ about, state, cause, cure }) => [
    `${about}: ${state}`,
    `  cause: ${cause}`,
    `  cure:  ${cure}`,
  ])
}
