import type { JsonObject, KubeObject } from '../api/object.ts'
import { sameJson } from '../api/object.ts'
import { StatusError } from '../api/status-error.ts'
import type { Client } from '../client/client.ts'

/** Tells the API of a pod's status: the latest one, each once, never two at a time. */
export interface StatusSender {
  send(status: JsonObject): void
  /** Fulfilled when the API knows what was last sent, or will never. */
  settled(): Promise<void>
}

const pod = { apiVersion: 'v1', kind: 'Pod' }
const firstWait = 200
const longestWait = 10_000

export function makeStatusSender(
  client: Client,
  { metadata }: KubeObject,
  onProblem: (error: unknown) => void,
): StatusSender {
  const { name = '', namespace, uid } = metadata
  let wanted: JsonObject | undefined
  let known: JsonObject | undefined
  let sending: Promise<void> | undefined

  async function work(): Promise<void> {
    let wait = firstWait
    while (wanted && !sameJson(wanted, known)) {
      const status = wanted
      try {
        const body = { metadata: { uid: uid ?? '' }, status }
        await client.patch(pod, { name, namespace }, 'strategic', body, 'status')
        known = status
        wait = firstWait
      } catch (error) {
        // The pod is gone, or another one has its name: nobody wants to know.
        if (error instanceof StatusError && [404, 409, 422].includes(error.status.code)) {
          if (error.status.code === 422) onProblem(error)
          known = status
          continue
        }
        onProblem(error)
        await new Promise((resolve) => setTimeout(resolve, wait).unref())
        wait = Math.min(longestWait, wait * 2)
      }
    }
    sending = undefined
  }

  return {
    send: (status) => {
      wanted = status
      // In the next turn, so that what changes together is told together.
      sending ??= new Promise<void>((resolve) => setImmediate(resolve)).then(work)
    },
    settled: async () => {
      while (sending) await sending
    },
  }
}
