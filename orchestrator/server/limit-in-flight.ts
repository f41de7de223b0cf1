import { StatusError } from '../api/status-error.ts'
import type { ApiRequest, ApiResponse } from './http-message.ts'
import { respondStatus } from './render.ts'
import { parseResourcePath } from './request-info.ts'

// How many requests are answered at the same time: more are sent away rather than let all be slow.

export interface InFlightLimits {
  /** Requests that change nothing; 0 is no limit, absent: 400. */
  readonly reads?: number | undefined
  /** Requests that do; 0 is no limit, absent: 200. */
  readonly writes?: number | undefined
}

export type InFlightWay = 'readOnly' | 'mutating'

/** Told of what is counted. */
export interface InFlightObserver {
  /** So many are answered at the moment. */
  readonly onChange?: (way: InFlightWay, count: number) => void
  /** One more was sent away. */
  readonly onRefused?: (way: InFlightWay) => void
}

type Handle = (request: ApiRequest) => Promise<ApiResponse>

const usualReads = 400
const usualWrites = 200
const retryAfterSeconds = 1
const longSubresources = new Set(['proxy', 'exec', 'attach', 'log', 'portforward'])
const readMethods = new Set(['GET', 'HEAD', 'OPTIONS'])

/**
 * Requests of clients in this process do not count, nor what goes on for as long as the client likes (watches, logs,
 * terminals). An administrator is let through: somebody must be able to look.
 */
export function limitInFlight(
  { reads = usualReads, writes = usualWrites }: InFlightLimits,
  handle: Handle,
  { onChange, onRefused }: InFlightObserver = {},
): Handle {
  const limits = { readOnly: reads, mutating: writes }
  const underWay = { readOnly: 0, mutating: 0 }
  const count = (way: InFlightWay, change: number) => {
    underWay[way] += change
    onChange?.(way, underWay[way])
  }
  return async (request) => {
    if (request.source === undefined || isLong(request)) return handle(request)
    const way = readMethods.has(request.method) ? 'readOnly' : 'mutating'
    const isFull = limits[way] > 0 && underWay[way] >= limits[way]
    if (isFull && !request.user.groups.includes('system:masters')) {
      onRefused?.(way)
      return sendAway()
    }
    count(way, 1)
    try {
      return await handle(request)
    } finally {
      count(way, -1)
    }
  }
}

function isLong({ method, path, query }: ApiRequest): boolean {
  const target = parseResourcePath(method, path, query)
  return target?.verb === 'watch' || longSubresources.has(target?.subresource ?? '')
}

function sendAway(): ApiResponse {
  const message = 'Too many requests, please try again later.'
  const { status } = new StatusError(429, 'TooManyRequests', message, { retryAfterSeconds })
  return respondStatus(status)
}
