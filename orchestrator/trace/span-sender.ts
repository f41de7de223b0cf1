import type { Client } from '../client/client.ts'
import type { RecordSpan, Span } from './span.ts'

export interface SpanSender {
  readonly record: RecordSpan
  stop(): void
}

/** Milliseconds for which spans are gathered, and how many at most: a server that is away is not waited for. */
const gatherMs = 200
const mostWaiting = 1000

/** Bring the spans of an agent to the server. */
export function startSpanSender(client: Client): SpanSender {
  let waiting: Span[] = []
  let timer: NodeJS.Timeout | undefined
  const send = async (): Promise<void> => {
    timer = undefined
    const spans = waiting
    waiting = []
    // What cannot be told is lost: it explains, and nothing hangs on it.
    await client.request('POST', '/myorch/v1/spans', spans).catch(() => undefined)
  }
  return {
    record: (span) => {
      if (waiting.length < mostWaiting) waiting.push(span)
      timer ??= setTimeout(() => void send(), gatherMs).unref()
    },
    stop: () => clearTimeout(timer),
  }
}
