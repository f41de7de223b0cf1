import { connect } from 'node:net'
import type { Socket } from 'node:net'
import type { KubeObject } from '../../api/object.ts'
import { textAt, valueAt } from '../../api/object.ts'
import { podError } from '../environment/pod-error.ts'
import { describeNetworkFailure } from '../probes/network-failure.ts'

const usualTimeoutMs = 10_000

/**
 * Connect to a port of a pod by its address, from this node. What listens on the pod's loopback alone is not reached.
 *
 * @throws {OperationError} `UNREACHABLE`, in the words of upstream's dialer
 */
export async function dialPod(
  pod: KubeObject,
  port: number,
  timeoutMs = usualTimeoutMs,
): Promise<Socket> {
  const isHost = valueAt(pod, ['spec', 'hostNetwork']) === true
  const host = isHost ? '127.0.0.1' : (textAt(pod, ['status', 'podIP']) ?? '')
  if (host === '') throw podError('BAD_STATE', `pod ${pod.metadata.name ?? ''} has no address yet`)
  return new Promise((resolve, reject) => {
    const socket = connect({ host, port, allowHalfOpen: true })
    const fail = (error: unknown): void => {
      clearTimeout(timer)
      socket.destroy()
      reject(podError('UNREACHABLE', describeNetworkFailure(error, host, port), error))
    }
    const timer = setTimeout(
      () => fail(Object.assign(new Error('late'), { code: 'ETIMEDOUT' })),
      timeoutMs,
    )
    socket.once('error', fail)
    socket.once('connect', () => {
      clearTimeout(timer)
      socket.off('error', fail)
      resolve(socket)
    })
  })
}
