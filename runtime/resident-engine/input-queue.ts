/** What a client's standard input brought, for a command that reads it. */
export interface InputQueue {
  push(chunk: Buffer): void
  end(): void
  readonly chunks: AsyncIterable<Uint8Array>
}

/** @param ask called once, when the command first wants input */
export function inputQueue(ask: () => void): InputQueue {
  const waiting: Buffer[] = []
  let isEnded = false
  let wake: (() => void) | undefined
  return {
    push(chunk) {
      waiting.push(chunk)
      wake?.()
    },
    end() {
      isEnded = true
      wake?.()
    },
    chunks: {
      async *[Symbol.asyncIterator]() {
        ask()
        for (;;) {
          const chunk = waiting.shift()
          if (chunk) yield chunk
          else if (isEnded) return
          else await new Promise<void>((resolve) => (wake = resolve))
        }
      },
    },
  }
}
