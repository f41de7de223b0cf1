import type { KubeObject } from '../api/object.ts'
import type { EventText } from '../client/event-recorder.ts'
import type { Logger } from '../server/logging/logger.ts'

/** What a node tells of a pod or of itself, on its log too, from verbosity 1 on. */
export function logEvent(
  logger: Logger,
  node: string,
  { kind, metadata }: KubeObject,
  { type, reason, message, fieldPath }: EventText,
): void {
  const { name, namespace, uid } = metadata
  logger.info(1, message, {
    event: reason,
    type,
    ...(kind === 'Pod' ? { pod: { name, namespace } } : {}),
    node,
    ...(fieldPath === undefined ? {} : { fieldPath }),
    trace: uid,
  })
}
