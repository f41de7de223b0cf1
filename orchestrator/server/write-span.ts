import { performance } from 'node:perf_hooks'
import type { KubeObject } from '../api/object.ts'
import type { RecordSpan } from '../trace/span.ts'
import type { User } from './http-message.ts'

// Heartbeats and events would push everything else out of the ring, and no trace asks for them.
const unrecorded = new Set(['Lease', 'Event'])

/** Milliseconds since 1970, with fractions. */
export function preciseNow(): number {
  return performance.timeOrigin + performance.now()
}

/** Record what a write did and how long it took. */
export function recordWrite(
  record: RecordSpan,
  verb: 'create' | 'update' | 'delete',
  { apiVersion, kind, metadata }: KubeObject,
  { user, startedAt, manager }: { user: User; startedAt: number; manager?: string | undefined },
): void {
  if (unrecorded.has(kind)) return
  const revision = metadata.resourceVersion ?? ''
  record({
    part: 'api',
    action: `${verb} revision ${revision}`,
    object: {
      apiVersion,
      kind,
      name: metadata.name ?? '',
      ...(metadata.namespace === undefined ? {} : { namespace: metadata.namespace }),
      ...(metadata.uid === undefined ? {} : { uid: metadata.uid }),
    },
    startedAt,
    milliseconds: preciseNow() - startedAt,
    detail: { revision, user: user.name, ...(manager === undefined ? {} : { manager }) },
  })
}
