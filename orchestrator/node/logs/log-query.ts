import { badRequest } from '../../api/status-error.ts'
import type { LogWish } from './read-container-log.ts'

export interface LogQuery extends LogWish {
  /** Of the container before the last restart. */
  readonly previous: boolean
}

/**
 * @param now milliseconds since 1970
 * @throws StatusError 400 @see https://kubernetes.io/docs/reference/kubernetes-api/workload-resources/pod-v1/#get-read-log-of-the-specified-pod
 */
export function readLogQuery(query: URLSearchParams, now: number): LogQuery {
  const sinceSeconds = numberOf(query, 'sinceSeconds', 1)
  const sinceTime = query.get('sinceTime') ?? ''
  if (sinceSeconds !== undefined && sinceTime !== '')
    throw badRequest('at most one of sinceTime or sinceSeconds may be specified')
  const time = sinceTime === '' ? undefined : Date.parse(sinceTime)
  if (Number.isNaN(time)) throw badRequest(`unable to decode query: sinceTime: ${sinceTime}`)
  const stream = query.get('stream') ?? 'All'
  const streams = { All: undefined, Stdout: 'stdout', Stderr: 'stderr' } as const
  if (!Object.hasOwn(streams, stream)) throw badRequest(`unsupported log stream: ${stream}`)
  return {
    follow: isTrue(query, 'follow'),
    previous: isTrue(query, 'previous'),
    timestamps: isTrue(query, 'timestamps'),
    tailLines: numberOf(query, 'tailLines', 0),
    limitBytes: numberOf(query, 'limitBytes', 1),
    since: sinceSeconds === undefined ? time : now - sinceSeconds * 1000,
    stream: streams[stream as keyof typeof streams],
  }
}

function isTrue(query: URLSearchParams, name: string): boolean {
  const text = query.get(name) ?? ''
  return text === '1' || text === 'true' || text === 'True' || text === 't'
}

function numberOf(query: URLSearchParams, name: string, least: number): number | undefined {
  const text = query.get(name) ?? ''
  if (text === '') return undefined
  const number = Number(text)
  if (Number.isInteger(number) && number >= least) return number
  throw badRequest(
    `unable to decode query: ${name}: ${text} must be an integer of at least ${least}`,
  )
}
