import { connect } from 'node:net'
import type { Socket } from 'node:net'
import { OperationError } from '../../../native/error.ts'
import { dialInside } from '../../../runtime/container/dial-inside.ts'
import type { EngineContext } from '../../../runtime/container/engine-context.ts'
import type { KubeObject } from '../../api/object.ts'
import { valueAt } from '../../api/object.ts'
import { podError } from '../environment/pod-error.ts'
import { describeNetworkFailure } from '../probes/network-failure.ts'

const loopback = '127.0.0.1'
const timeoutMs = 10_000

/**
 * Connect to a port on the loopback of a pod's network, as `port-forward` does.
 *
 * @param container id of one of the pod's that runs: it has the pod's network
 * @throws {OperationError} `UNREACHABLE`, in the words of upstream's dialer
 */
export async function dialPod(
  context: EngineContext,
  pod: KubeObject,
  container: string,
  port: number,
): Promise<Socket> {
  if (valueAt(pod, ['spec', 'hostNetwork']) === true) return dialHere(port)
  try {
    return await dialInside(context, container, port)
  } catch (cause) {
    if (!(cause instanceof OperationError) || cause.code !== 'UNREACHABLE') throw cause
    throw unreachable(Object.assign(new Error('dial'), { code: cause.detail['errno'] }), port)
  }
}

function dialHere(port: number): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host: loopback, port, allowHalfOpen: true })
    const fail = (error: unknown): void => {
      clearTimeout(timer)
      socket.destroy()
      reject(unreachable(error, port))
    }
    const late = Object.assign(new Error('late'), { code: 'ETIMEDOUT' })
    const timer = setTimeout(() => fail(late), timeoutMs)
    socket.once('error', fail)
    socket.once('connect', () => {
      clearTimeout(timer)
      socket.off('error', fail)
      resolve(socket)
    })
  })
}

function unreachable(error: unknown, port: number): OperationError {
  const why = describeNetworkFailure(error, loopback, port)
  return podError('UNREACHABLE', `failed to connect to localhost:${port} inside the pod: ${why}`)
}
