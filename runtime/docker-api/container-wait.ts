import type { ContainerState } from '../container/state.ts'
import { OperationError, hasCode } from '../../native/error.ts'
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
  const gone = await endOfGone(call)
  if (gone !== undefined) return { stream: once(result(gone)), type: 'application/json' }
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

/** So long the end of a container that is gone is remembered, in ms. */
const rememberedMs = 60_000

/**
 * Libraries start a container that removes itself, and only then ask for its end.
 *
 * @returns the exit code of a container that has removed itself a moment ago; undefined where it is there
 * @throws {OperationError} `NOT_FOUND`
 */
async function endOfGone(call: ApiCall): Promise<number | undefined> {
  const [id = ''] = call.parameters
  try {
    await containerOf(call)
    return undefined
  } catch (error) {
    if (!hasCode(error, 'NOT_FOUND') || !/^[0-9a-f]{64}$/.test(id)) throw error
    const since = Date.now() - rememberedMs
    let code: number | undefined
    for await (const event of readEvents(call.context.folders, { follow: false, since }))
      if (event.id === id && event.action === 'die') code = Number(event.attributes['exitCode'])
    if (code === undefined) throw error
    return code
  }
}

function isLive({ status, pid }: ContainerState): boolean {
  return pid !== 0 || status === 'running' || status === 'restarting'
}

async function* once(text: string): AsyncGenerator<string> {
  yield text
}

function result(exitCode: number): string {
  return `${JSON.stringify({ StatusCode: exitCode })}\n`
}
