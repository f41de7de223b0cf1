import type { RecordSpan, Span } from '../../trace/span.ts'
import type { Logger } from './logger.ts'

/** Every step that a part reports, on the log too: what `myorch trace` finds by its uids is in the line. */
export function logSpans(logger: Logger, record: RecordSpan): RecordSpan {
  if (!logger.isOn(2)) return record
  return (span) => {
    record(span)
    logger.info(2, span.action, spanFields(span))
  }
}

function spanFields({ part, object, milliseconds, detail = {} }: Span) {
  const { kind, namespace, name, uid } = object
  const reference = namespace === undefined ? { name } : { name, namespace }
  const node = /^node\/(.+)$/.exec(part)?.[1] ?? detail['node']
  return {
    part,
    kind,
    [fieldOf(kind)]: reference,
    ...(node === undefined ? {} : { node }),
    ms: Math.round(milliseconds * 100) / 100,
    ...detail,
    ...(uid === undefined ? {} : { trace: uid }),
  }
}

/** `Pod` → `pod`, `ReplicaSet` → `replicaSet`. */
function fieldOf(kind: string): string {
  return kind.charAt(0).toLowerCase() + kind.slice(1)
}
