import { ageOf } from '../../../api/print/column.ts'
import { listAt, numberAt, textAt } from '../../../api/object.ts'
import type { JsonObject, KubeObject } from '../../../api/object.ts'
import { selectionPath } from '../../../client/resource-path.ts'
import type { Session } from '../session.ts'
import { none } from './page.ts'
import type { Page } from './page.ts'

const eventKind = { group: '', version: 'v1', plural: 'events', namespaced: true }

/** What happened to an object, the oldest first. */
export async function eventsOf(session: Session, object: KubeObject): Promise<JsonObject[]> {
  const { kind, metadata } = object
  const fields = [
    `involvedObject.name=${metadata.name ?? ''}`,
    `involvedObject.namespace=${metadata.namespace ?? ''}`,
    `involvedObject.kind=${kind}`,
    ...(metadata.uid === undefined ? [] : [`involvedObject.uid=${metadata.uid}`]),
  ]
  const selection = { namespace: metadata.namespace, fieldSelector: fields.join(',') }
  return listAt(await session.send({ path: selectionPath(eventKind, selection) }), ['items'])
}

export function writeEvents(page: Page, events: readonly JsonObject[]): void {
  if (events.length === 0) return page.line(0, 'Events:', none)
  page.line(0, 'Events:')
  page.line(1, 'Type', 'Reason', 'Age', 'From', 'Message')
  page.line(1, '----', '------', '----', '----', '-------')
  const now = new Date()
  const order = events.toSorted((a, b) =>
    lastSeen(a) < lastSeen(b) ? -1 : Number(lastSeen(a) !== lastSeen(b)),
  )
  for (const event of order)
    page.line(
      1,
      event['type'],
      event['reason'],
      eventAge(event, now),
      textAt(event, ['source', 'component']) || textAt(event, ['reportingComponent']),
      textAt(event, ['message'])?.trim(),
    )
}

export function lastSeen(event: JsonObject): string {
  return textAt(event, ['lastTimestamp']) ?? ''
}

/** `4s (x5 over 74s)`. */
export function eventAge(event: JsonObject, now: Date): string {
  const first = textAt(event, ['firstTimestamp']) ?? textAt(event, ['eventTime'])
  const count = numberAt(event, ['series', 'count']) ?? numberAt(event, ['count']) ?? 1
  if (count <= 1) return ageOf(first, now)
  const last = textAt(event, ['series', 'lastObservedTime']) ?? lastSeen(event)
  return `${ageOf(last, now)} (x${count} over ${ageOf(first, now)})`
}
