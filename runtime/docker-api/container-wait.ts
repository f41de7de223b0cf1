import type { ContainerState } from '../container/state.ts'
import { OperationError } from '../../native/error.ts'
import { readEvents } from '../container/events.ts'
import { type Answer, type ApiCall, type Route } from './api-call.ts'
import { containerOf } from './container-life.ts'

export const containerWaitRoutes: readonly Route[] = [['POST', '/containers/*/wait', wait]]

const conditions = ['not-running', 'next-exit', 'removed']

/**
 * The head of the answer goes out at once: clients start a container only when they know that they are
 * waiting for its end.
 */
async function wait(call: ApiCall): Promise<Answer> {
  const { context, query, signal } = call
  const condition = query.get('condition') || 'not-running'
  if (!conditions.includes(condition))
    throw new OperationError('INVALID_ARGUMENT', `invalid condition: "${condition}"`)
  await containerOf(call)
  const over = new AbortController()
  signal.addEventListener('abort', () => over.abort(), { once: true })
  const events = readEvents(context.folders, { follow: true, signal: over.signal })
  // Begun before the state is looked at, so that no end comes between the two.
  let next = events.next()
  const { record, state } = await containerOf(call)
  const answer = async function* (): AsyncGenerator<string> {
    try {
      if (condition === 'not-running' && !isLive(state)) return yield result(state.exitCode)
      let exitCode = state.exitCode
      for (;;) {
        const { value, done } = await next
        if (done === true) return undefined
        next = events.next()
        next.catch(() => undefined)
        if (value.id !== record.id) continue
        if (value.action === 'die') exitCode = Number(value.attributes['exitCode'] ?? 0)
        if (value.action === (condition === 'removed' ? 'destroy' : 'die'))
          return yield result(exitCode)
      }
    } finally {
      over.abort()
    }
  }
  return { stream: answer(), type: 'application/json' }
}

function isLive({ status, pid }: ContainerState): boolean {
  return pid !== 0 || status === 'running' || status === 'restarting'
}

function result(exitCode: number): string {
  return `${JSON.stringify({ StatusCode: exitCode })}\n`
}
