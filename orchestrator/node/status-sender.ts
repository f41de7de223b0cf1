import type { JsonObject, KubeObject } from '../api/object.ts'
import { listAt, sameJson, textAt } from '../api/object.ts'
import { StatusError } from '../api/status-error.ts'
import type { Client } from '../client/client.ts'
import type { PodSpans } from './pod-spans.ts'

/** Tells the API of a pod's status: the latest one, each once, never two at a time. */
export interface StatusSender {
  send(status: JsonObject): void
  /** Fulfilled when the API knows what was last sent, or will never. */
  settled(): Promise<void>
}

const pod = { apiVersion: 'v1', kind: 'Pod' }
const firstWait = 200
const longestWait = 10_000

export interface StatusSenderOptions {
  readonly spans: PodSpans
  readonly onProblem: (error: unknown) => void
}

export function makeStatusSender(
  client: Client,
  { metadata }: KubeObject,
  { spans, onProblem }: StatusSenderOptions,
): StatusSender {
  const { name = '', namespace, uid } = metadata
  const latest: { wanted?: JsonObject; known?: JsonObject; sending?: Promise<void> | undefined } =
    {}
  let wait = firstWait

  /** @returns whether there may be more to tell */
  async function sendOnce(): Promise<boolean> {
    const { wanted } = latest
    if (!wanted || sameJson(wanted, latest.known)) return false
    try {
      const body = { metadata: { uid: uid ?? '' }, status: wanted }
      await spans.measure(
        'write status',
        () => client.patch(pod, { name, namespace }, 'strategic', body, 'status'),
        ({ metadata: { resourceVersion = '' } }) => ({
          phase: textAt(wanted, ['phase']) ?? '',
          ready: isReady(wanted) ? 'yes' : 'no',
          revision: resourceVersion,
        }),
      )
      latest.known = wanted
      wait = firstWait
    } catch (error) {
      const code = error instanceof StatusError ? error.status.code : 0
      // The pod is gone, or another one has its name: nobody wants to know.
      if (code !== 404 && code !== 409) onProblem(error)
      if (code >= 400 && code < 500) latest.known = wanted
      else {
        await new Promise((resolve) => setTimeout(resolve, wait).unref())
        wait = Math.min(longestWait, wait * 2)
      }
    }
    return true
  }

  async function work(): Promise<void> {
    // In the next turn, so that what changes together is told together.
    await new Promise((resolve) => setImmediate(resolve))
    while (await sendOnce()) continue
    latest.sending = undefined
  }

  return {
    send: (status) => {
      latest.wanted = status
      latest.sending ??= work()
    },
    settled: async () => {
      while (latest.sending) await latest.sending
    },
  }
}

function isReady(status: JsonObject): boolean {
  return listAt({ status }, ['status', 'conditions']).some(
    (one) => one['type'] === 'Ready' && one['status'] === 'True',
  )
}
