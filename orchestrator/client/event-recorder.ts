import { createHash } from 'node:crypto'
import { describeError } from '../../native/error.ts'
import type { KubeObject } from '../api/object.ts'
import type { Client } from './client.ts'
import { makeEventCorrelator } from './event-correlator.ts'

/** What happened to an object, for people: `kubectl describe` shows it. */
export interface EventText {
  readonly type: 'Normal' | 'Warning'
  readonly reason: string
  readonly message: string
  /** Which part of the object: `spec.containers{web}`. */
  readonly fieldPath?: string
}

/** Never throws and never waits: an event that cannot be written is lost. */
export type EventRecorder = (about: KubeObject, text: EventText) => void

export interface EventRecorderOptions {
  /** The node the component is on. */
  readonly host?: string
  readonly onProblem?: (what: string, error: unknown) => void
  /** Told of each write, for who has to wait for the last of them. It is never rejected. */
  readonly onWrite?: (writing: Promise<void>) => void
}

interface Known {
  readonly name: string
  count: number
  lastSeen: number
  writing: Promise<void>
}

/** After so many milliseconds an event that comes again is a new one. */
const forgetAfter = 10 * 60 * 1000
const mostKnown = 4096

// The same words about the same object are one event, whose count grows.

export function makeEventRecorder(
  client: Client,
  component: string,
  { host, onProblem = printProblem, onWrite }: EventRecorderOptions = {},
): EventRecorder {
  const known = new Map<string, Known>()
  const correlate = makeEventCorrelator()
  return (about, given) => {
    const now = Date.now()
    const correlated = correlate(about, given, now)
    if (!correlated) return
    const { key, message } = correlated
    const text = { ...given, message }
    const before = known.get(key)
    known.delete(key)
    const isRepeat = before !== undefined && now - before.lastSeen < forgetAfter
    const entry = isRepeat
      ? { ...before, count: before.count + 1, lastSeen: now }
      : { name: nameOf(about, key, now), count: 1, lastSeen: now, writing: Promise.resolve() }
    const event = makeEvent(about, text, entry, { component, host, now })
    entry.writing = entry.writing
      .then(async () => write(client, event, entry.count))
      .catch((error: unknown) => onProblem(`event ${text.reason}`, error))
    onWrite?.(entry.writing)
    known.set(key, entry)
    for (const oldest of known.keys()) {
      if (known.size <= mostKnown) break
      known.delete(oldest)
    }
  }
}

async function write(client: Client, event: KubeObject, count: number): Promise<void> {
  if (count === 1) return void (await client.create(event))
  const { name = '', namespace } = event.metadata
  const message = event['message'] as string
  const body = { count, message, lastTimestamp: event['lastTimestamp'] as string }
  try {
    await client.patch(event, { name, namespace }, 'merge', body)
  } catch (error) {
    // Events are kept for an hour; one that is gone begins anew.
    if ((error as { status?: { code?: number } }).status?.code !== 404) throw error
    await client.create(event)
  }
}

/** As upstream: the object's name and a number nobody else has. */
function nameOf({ metadata }: KubeObject, key: string, now: number): string {
  const digest = createHash('sha256').update(key).digest('hex').slice(0, 6)
  return `${(metadata.name ?? '').slice(0, 220)}.${now.toString(16)}${digest}`
}

function makeEvent(
  about: KubeObject,
  { type, reason, message, fieldPath }: EventText,
  { name, count }: Known,
  { component, host, now }: { component: string; host: string | undefined; now: number },
): KubeObject {
  const { metadata } = about
  const time = `${new Date(now).toISOString().slice(0, 19)}Z`
  return {
    apiVersion: 'v1',
    kind: 'Event',
    metadata: { name, namespace: metadata.namespace ?? 'default' },
    involvedObject: {
      apiVersion: about.apiVersion,
      kind: about.kind,
      ...(metadata.namespace === undefined ? {} : { namespace: metadata.namespace }),
      name: metadata.name,
      ...(metadata.uid === undefined ? {} : { uid: metadata.uid }),
      ...(metadata.resourceVersion === undefined
        ? {}
        : { resourceVersion: metadata.resourceVersion }),
      ...(fieldPath === undefined ? {} : { fieldPath }),
    },
    type,
    reason,
    message: message.slice(0, 1024),
    count,
    firstTimestamp: time,
    lastTimestamp: time,
    source: { component, ...(host === undefined ? {} : { host }) },
    reportingComponent: component,
    reportingInstance: host ?? '',
  }
}

function printProblem(what: string, error: unknown): void {
  process.stderr.write(`${what}: ${describeError(error)}\n`)
}
