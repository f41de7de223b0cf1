import { withContainerLock } from './container-lock.ts'
import type { EngineContext } from './engine-context.ts'
import { pauseContainer, unpauseContainer } from './pause.ts'
import { readState } from './read-state.ts'
import type { ContainerRecord } from './record.ts'
import { hasCode } from '../../native/error.ts'

export interface StillWish {
  /** Freeze it where it runs. */
  readonly pause: boolean
  /** Told where it cannot be frozen. */
  readonly warn: (text: string) => void
}

/**
 * Work on the writable folder of a container. One that does not run cannot start meanwhile; one that
 * runs is frozen where that is wished. One that was paused before stays so.
 */
export async function withStillContainer<T>(
  context: EngineContext,
  record: ContainerRecord,
  wish: StillWish,
  work: () => Promise<T>,
): Promise<T> {
  const { status } = readState(context.folders, record)
  if (status === 'created' || status === 'exited')
    return withContainerLock(context.folders, record.id, work)
  if (!wish.pause || status !== 'running' || !freeze(context, record, wish)) return work()
  try {
    return await work()
  } finally {
    unpauseContainer(context, record.id)
  }
}

/** @returns whether it is frozen now */
function freeze(context: EngineContext, { id }: ContainerRecord, { warn }: StillWish): boolean {
  try {
    pauseContainer(context, id)
    return true
  } catch (error) {
    // Ended a moment ago, or an ordinary user's without a control group.
    if (!hasCode(error, 'UNSUPPORTED') && !hasCode(error, 'BAD_STATE')) throw error
    if (hasCode(error, 'UNSUPPORTED'))
      warn('it was not paused, for it has no control group: what it writes now may be half there')
    return false
  }
}
