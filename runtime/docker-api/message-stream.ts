import { createInterface } from 'node:readline'
import type { Readable } from 'node:stream'
import type { Answer } from './api-call.ts'
import { errorText } from './api-error.ts'

/** How it goes on, one JSON object a line; an error is the last one. */
export function messageStream(messages: () => AsyncIterable<object>): Answer {
  const lines = async function* (): AsyncGenerator<string> {
    try {
      for await (const message of messages()) yield `${JSON.stringify(message)}\r\n`
    } catch (error) {
      const message = errorText(error)
      yield `${JSON.stringify({ errorDetail: { message }, error: message })}\r\n`
    }
  }
  return { stream: lines(), type: 'application/json' }
}

export function textLines(from: Readable): AsyncIterable<string> {
  return createInterface({ input: from, crlfDelay: Number.POSITIVE_INFINITY })
}
