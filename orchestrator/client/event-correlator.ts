import type { KubeObject } from '../api/object.ts'
import type { EventText } from './event-recorder.ts'

// What keeps events few: as k8s.io/client-go/tools/record does it, the words of many alike become one event, and an object
// about which there is too much to say is passed over.

export interface CorrelatedEvent {
  /** The same for what is to be one event. */
  readonly key: string
  readonly message: string
}

/** @returns undefined for one that is left out @param now milliseconds since 1970 */
export type EventCorrelator = (
  about: KubeObject,
  text: EventText,
  now: number,
) => CorrelatedEvent | undefined

interface Alike {
  readonly messages: Set<string>
  lastSeen: number
}

interface Allowance {
  left: number
  at: number
}

/** So many different messages of one reason about one object are told apart within that time. */
const mostMessages = 10
const window = 10 * 60 * 1000
/** So many events about one object at once; then one in five minutes. */
const burst = 25
const refill = 5 * 60 * 1000
const mostKnown = 4096

export function makeEventCorrelator(): EventCorrelator {
  const alike = new Map<string, Alike>()
  const allowances = new Map<string, Allowance>()
  return (about, text, now) => {
    const object = objectKey(about)
    const group = [object, text.type, text.reason, text.fieldPath ?? ''].join('\n')
    if (!spend(allowances, object, now)) return undefined
    const { messages } = refresh(alike, group, now)
    messages.add(text.message)
    if (messages.size < mostMessages)
      return { key: `${group}\n${text.message}`, message: text.message }
    messages.delete(text.message)
    return { key: group, message: `(combined from similar events): ${text.message}` }
  }
}

function objectKey({ apiVersion, kind, metadata }: KubeObject): string {
  return [apiVersion, kind, metadata.namespace, metadata.name, metadata.uid].join('\n')
}

function refresh(known: Map<string, Alike>, group: string, now: number): Alike {
  const before = known.get(group)
  const isFresh = before !== undefined && now - before.lastSeen <= window
  const entry = isFresh ? before : { messages: new Set<string>(), lastSeen: now }
  entry.lastSeen = now
  keep(known, group, entry)
  return entry
}

function spend(allowances: Map<string, Allowance>, object: string, now: number): boolean {
  const before = allowances.get(object) ?? { left: burst, at: now }
  const left = Math.min(burst, before.left + (now - before.at) / refill)
  const isAllowed = left >= 1
  keep(allowances, object, { left: isAllowed ? left - 1 : left, at: now })
  return isAllowed
}

/** The longest unused are forgotten. */
function keep<Value>(map: Map<string, Value>, key: string, value: Value): void {
  map.delete(key)
  map.set(key, value)
  for (const oldest of map.keys()) {
    if (map.size <= mostKnown) break
    map.delete(oldest)
  }
}
