import { connect } from 'node:net'
import { describeNetworkFailure } from './network-failure.ts'
import type { ProbeOutcome } from './probe-outcome.ts'
import { failure, success } from './probe-outcome.ts'

/** Whether something listens. */
export function probeTcp(host: string, port: number, timeoutMs: number): Promise<ProbeOutcome> {
  return new Promise((resolve) => {
    const socket = connect({ host, port })
    const end = (outcome: ProbeOutcome): void => {
      clearTimeout(timer)
      socket.destroy()
      resolve(outcome)
    }
    const late = Object.assign(new Error('late'), { code: 'ETIMEDOUT' })
    const fail = (error: unknown): void => end(failure(describeNetworkFailure(error, host, port)))
    const timer = setTimeout(() => fail(late), timeoutMs)
    socket.once('connect', () => end(success))
    socket.once('error', fail)
  })
}
