import type { RecordSpan, Span } from './span.ts'

// The last spans of the cluster, in the server's memory: a trace is for what happened just now.

export interface SpanQuery {
  /** Only spans of objects with one of these uids. */
  readonly uids?: ReadonlySet<string> | undefined
  /** Only spans that began at or after it; milliseconds since 1970. */
  readonly since?: number | undefined
}

export interface SpanRing {
  readonly record: RecordSpan
  /** Oldest first, by when they began. */
  select(query?: SpanQuery): Span[]
}

/** @param capacity how many spans are kept; the oldest go first */
export function makeSpanRing(capacity = 20_000): SpanRing {
  const spans: Span[] = []
  let next = 0
  return {
    record: (span) => {
      spans[next] = span
      next = (next + 1) % capacity
    },
    select: ({ uids, since } = {}) =>
      spans
        .filter(
          ({ object, startedAt }) =>
            (!uids || (object.uid !== undefined && uids.has(object.uid))) &&
            (since === undefined || startedAt >= since),
        )
        .toSorted((a, b) => a.startedAt - b.startedAt),
  }
}
