import { closeSync, openSync } from 'node:fs'
import { OperationError } from '../../native/error.ts'
import { isSystemError } from '../../native/system-error.ts'
import type { NetlinkExchange } from '../network/netlink-exchange.ts'
import { compilePlug } from '../program/compile-plug.ts'
import { encodeProgram } from '../program/encode.ts'
import { explainFailure } from '../program/failure.ts'
import type { EngineContext } from './engine-context.ts'
import { isProcessAlive } from './process-identity.ts'
import type { ContainerState } from './state.ts'

/** What is sent to the kernel, from where and in which order. */
export interface InterfaceExchanges {
  readonly outside: readonly NetlinkExchange[]
  readonly inside: readonly NetlinkExchange[]
}

/**
 * Change the interfaces in the network namespace of a running container.
 *
 * @throws {OperationError} `BAD_STATE` where it has ended meanwhile; what the kernel refuses
 */
export async function changeInterfaces(
  { facts, zygote }: Pick<EngineContext, 'facts' | 'zygote'>,
  state: Pick<ContainerState, 'pid' | 'pidStartTime'>,
  { outside, inside }: InterfaceExchanges,
): Promise<void> {
  const descriptor = openNetwork(state)
  try {
    const namespace = `/proc/${process.pid}/fd/${descriptor}`
    const program = compilePlug(facts, { namespace, outside, inside })
    const done = Promise.withResolvers<void>()
    const run = zygote.submit(encodeProgram(program, { reasons: false }), {
      onUser: (pid) => {
        killIfPresent(pid)
        done.resolve()
      },
    })
    run.started.then((outcome) => {
      if (outcome.kind === 'failed') return done.reject(explainFailure(program, outcome))
      const detail = { outcome: outcome.kind }
      return done.reject(new OperationError('PROTOCOL', 'change the interfaces', detail))
    }, done.reject)
    await done.promise
  } finally {
    closeSync(descriptor)
  }
}

/** The descriptor names the namespace for good; that the pid is still the container's is looked at after opening it. */
function openNetwork({ pid, pidStartTime }: Pick<ContainerState, 'pid' | 'pidStartTime'>): number {
  const gone = new OperationError('BAD_STATE', 'enter the network of a container', {
    problem: 'it has ended meanwhile',
  })
  let descriptor: number
  try {
    descriptor = openSync(`/proc/${pid}/ns/net`, 'r')
  } catch (error) {
    if (isSystemError(error, 'ENOENT')) throw gone
    throw error
  }
  if (isProcessAlive(pid, Number(pidStartTime))) return descriptor
  closeSync(descriptor)
  throw gone
}

/** Its number is nobody else's before the zygote has said that it has ended. */
function killIfPresent(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL')
  } catch (error) {
    if (!isSystemError(error, 'ESRCH')) throw error
  }
}
