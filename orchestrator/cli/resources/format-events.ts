import { textAt } from '../../api/object.ts'
import type { JsonObject, KubeObject } from '../../api/object.ts'
import { eventAge } from './describe/events.ts'
import type { ApiResource } from './discover.ts'
import { formatObjects } from './print-objects.ts'
import { untilInterrupted } from './session.ts'
import type { Session } from './session.ts'
import { collectionPath } from './targets.ts'
import type { SelectionFlags } from './targets.ts'
import { makeTextTable } from './text-table.ts'

interface Flags {
  readonly allNamespaces?: boolean
  readonly output?: string
  readonly headers: boolean
}

/** What writes events: the first time with the names of the columns. */
export async function formatEvents(
  resource: ApiResource,
  { allNamespaces, output, headers }: Flags,
): Promise<(events: readonly JsonObject[]) => Promise<string>> {
  const table = makeTextTable()
  let isFirst = headers
  return async (events) => {
    if (output !== undefined) {
      const printed = events.map((object) => ({
        resource,
        object: object as unknown as KubeObject,
      }))
      return formatObjects(output, printed, false)
    }
    const now = new Date()
    const rows = events.map((event) => [
      ...(allNamespaces ? [textAt(event, ['metadata', 'namespace']) ?? ''] : []),
      eventAge(event, now),
      textAt(event, ['type']) ?? '',
      textAt(event, ['reason']) ?? '',
      `${textAt(event, ['involvedObject', 'kind']) ?? ''}/${textAt(event, ['involvedObject', 'name']) ?? ''}`,
      (textAt(event, ['message']) ?? '').trim(),
    ])
    const titles = ['LAST SEEN', 'TYPE', 'REASON', 'OBJECT', 'MESSAGE']
    const head = isFirst ? [[...(allNamespaces ? ['NAMESPACE'] : []), ...titles]] : []
    isFirst = false
    return table.format([...head, ...rows])
  }
}

/** Until it is interrupted. */
export async function watchEvents(
  session: Session,
  resource: ApiResource,
  flags: SelectionFlags,
  onEvent: (event: JsonObject) => Promise<void>,
): Promise<void> {
  const list = await session.send({
    path: collectionPath(session, resource, flags, { limit: '1' }),
  })
  const resourceVersion = textAt(list, ['metadata', 'resourceVersion']) ?? ''
  const path = collectionPath(session, resource, flags, { watch: 'true', resourceVersion })
  const { signal, done } = untilInterrupted()
  try {
    const response = await session.stream({ path, signal })
    const { createInterface } = await import('node:readline')
    for await (const line of createInterface({ input: response })) {
      const { type, object } = JSON.parse(line) as { type: string; object: JsonObject }
      if (type !== 'DELETED') await onEvent(object)
    }
  } catch (error) {
    if (!signal.aborted) throw error
  } finally {
    done()
  }
}
