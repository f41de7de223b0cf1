import type { Conversion } from '../kind.ts'
import type { KubeObject } from '../object.ts'

/** Name in events.k8s.io/v1 → name in core/v1, where events are kept. */
const names: readonly (readonly [string, string])[] = [
  ['regarding', 'involvedObject'],
  ['note', 'message'],
  ['reportingController', 'reportingComponent'],
  ['deprecatedSource', 'source'],
  ['deprecatedFirstTimestamp', 'firstTimestamp'],
  ['deprecatedLastTimestamp', 'lastTimestamp'],
  ['deprecatedCount', 'count'],
]

function rename(
  object: KubeObject,
  apiVersion: string,
  pairs: readonly (readonly [string, string])[],
) {
  const table = new Map(pairs)
  const fields = Object.entries(object).map(([name, value]) => [table.get(name) ?? name, value])
  return { ...Object.fromEntries(fields), apiVersion } as KubeObject
}

export const eventConversion: Conversion = {
  toStored: (object) => rename(object, 'v1', names),
  fromStored: (object) =>
    rename(
      object,
      'events.k8s.io/v1',
      names.map(([later, core]) => [core, later]),
    ),
}
