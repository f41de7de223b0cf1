import { closeSync } from 'node:fs'
import { Socket } from 'node:net'
import { errnoName } from '../../native/errno.ts'
import { OperationError } from '../../native/error.ts'
import { copyDescriptor } from '../../native/process-descriptor.ts'
import { isSystemError } from '../../native/system-error.ts'
import { compileDial, dialledDescriptor } from '../program/compile-dial.ts'
import { encodeProgram } from '../program/encode.ts'
import { explainFailure } from '../program/failure.ts'
import type { EngineContext } from './engine-context.ts'
import { readState } from './read-state.ts'
import { resolveContainer } from './record-store.ts'

/**
 * Connect to a port as a program in the container would: by its loopback, IPv4 first.
 *
 * @throws {OperationError} `UNREACHABLE` with the errno where nobody listens; `BAD_STATE` where the container does not run
 */
export async function dialInside(
  { folders, facts, zygote }: Pick<EngineContext, 'folders' | 'facts' | 'zygote'>,
  reference: string,
  port: number,
): Promise<Socket> {
  const record = resolveContainer(folders, reference)
  const { pid } = readState(folders, record)
  if (pid === 0)
    throw new OperationError('BAD_STATE', 'connect to a port of a container', {
      container: record.name,
    })
  const program = compileDial(facts, `/proc/${pid}/ns/net`, port)
  const copied = Promise.withResolvers<number>()
  const run = zygote.submit(encodeProgram(program, { reasons: false }), {
    onUser: (helper) => {
      try {
        copied.resolve(copyDescriptor(helper, dialledDescriptor))
      } catch (error) {
        copied.reject(error)
      } finally {
        killIfPresent(helper)
      }
    },
  })
  run.started.then((outcome) => {
    if (outcome.kind !== 'failed')
      return copied.reject(
        new OperationError('PROTOCOL', 'connect to a port of a container', {
          outcome: outcome.kind,
        }),
      )
    if (program.steps[outcome.pc]?.call !== 'connect')
      return copied.reject(explainFailure(program, outcome))
    const detail = { container: record.name, port, errno: errnoName(outcome.errno) }
    copied.reject(new OperationError('UNREACHABLE', 'connect to a port of a container', detail))
  }, copied.reject)
  const descriptor = await copied.promise
  try {
    return new Socket({ fd: descriptor, readable: true, writable: true, allowHalfOpen: true })
  } catch (error) {
    closeSync(descriptor)
    throw error
  }
}

/** It may have died in this moment. Its number is nobody else's before the zygote has said so. */
function killIfPresent(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL')
  } catch (error) {
    if (!isSystemError(error, 'ESRCH')) throw error
  }
}
