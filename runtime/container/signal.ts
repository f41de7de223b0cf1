import { OperationError } from '../../native/error.ts'
import { signalProcess } from '../../native/process.ts'
import { isProcessAlive } from './process-identity.ts'
import type { ContainerState } from './state.ts'

/**
 * Send a signal to a container's init.
 *
 * @param signal number as the kernel has it, signal(7)
 * @returns false where it has ended meanwhile
 * @throws {OperationError} `BAD_STATE` where it does not run
 */
export function signalInit(name: string, state: ContainerState, signal: number): boolean {
  if (state.pid === 0)
    throw new OperationError(
      'BAD_STATE',
      `send a signal to the container ${name}`,
      { status: state.status },
      { hint: 'Only a running container takes signals' },
    )
  const ticks = Number(state.pidStartTime)
  return signalProcess(state.pid, signal, () => isProcessAlive(state.pid, ticks))
}
