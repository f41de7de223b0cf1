import { OperationError } from '../../../native/error.ts'
import type { DependencyCondition } from '../model/service.ts'
import type { Session } from './session.ts'

/**
 * Until all containers of a service are as another one needs them.
 *
 * @throws {OperationError} `BAD_STATE`: they never will be
 */
export async function waitFor(
  session: Session,
  service: string,
  ids: readonly string[],
  condition: DependencyCondition,
): Promise<void> {
  if (session.isDryRun || condition === 'service_started') return
  await Promise.all(
    ids.map((id) =>
      condition === 'service_healthy' ? untilHealthy(session, service, id) : untilDone(session, id),
    ),
  )
}

async function untilDone({ engine, say }: Session, id: string): Promise<void> {
  const { record } = await engine.inspect(id)
  say(`Container ${record.name}`, 'Waiting')
  const code = await engine.wait(id)
  if (code !== 0)
    throw failed(`service "${record.name}" didn't complete successfully: exit ${code}`, record.name)
  say(`Container ${record.name}`, 'Exited')
}

/** Events tell when to look; what counts is what is seen then. */
export async function untilHealthy(
  { engine, say, io }: Session,
  service: string,
  id: string,
): Promise<void> {
  const { record } = await engine.inspect(id)
  const done = new AbortController()
  io.signal?.addEventListener('abort', () => done.abort(), { once: true })
  const events = engine.events({ follow: true, since: Date.now(), signal: done.signal })
  let isTold = false
  try {
    for await (const _ of looks(events, id)) {
      const { state } = await engine.inspect(id)
      const { health } = state
      if (state.status !== 'running' && state.status !== 'restarting')
        throw failed(
          `container ${record.name} exited (${state.exitCode}) before it was healthy`,
          record.name,
        )
      if (!health)
        throw failed(`container ${record.name} has no healthcheck configured`, record.name)
      if (health.status === 'healthy') return say(`Container ${record.name}`, 'Healthy')
      if (health.status === 'unhealthy')
        throw failed(`container ${record.name} is unhealthy`, record.name)
      if (!isTold) say(`Container ${record.name}`, 'Waiting')
      isTold = true
    }
    throw failed(`interrupted while ${service} was not healthy yet`, record.name)
  } finally {
    done.abort()
  }
}

/** Once at the beginning, and after each event of the container. */
async function* looks(
  events: AsyncIterable<{ readonly id: string }>,
  id: string,
): AsyncIterable<void> {
  const iterator = events[Symbol.asyncIterator]()
  // Asked for before the first look: what happens in between is not missed.
  let next = iterator.next()
  yield
  for (;;) {
    const { done, value } = await next
    if (done === true) return
    next = iterator.next()
    if (value.id === id) yield
  }
}

function failed(step: string, container: string): OperationError {
  return new OperationError(
    'BAD_STATE',
    step,
    {},
    { exitCode: 1, hint: `See "mycontainer logs ${container}"` },
  )
}
