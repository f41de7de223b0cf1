import { isTransientFailure } from './http-failure.ts'

export interface RetryPolicy {
  /** Attempts in all. */
  readonly attempts: number
  /** First pause; each further one may be twice as long. Milliseconds. */
  readonly firstMs: number
  readonly longestMs: number
  /** Longest `Retry-After` that is waited for. */
  readonly patienceMs: number
}

export const defaultRetryPolicy: RetryPolicy = {
  attempts: 6,
  firstMs: 250,
  longestMs: 15_000,
  patienceMs: 120_000,
}

const transientStatuses: ReadonlySet<number> = new Set([408, 425, 429, 500, 502, 503, 504])

export function isTransientStatus(status: number): boolean {
  return transientStatuses.has(status)
}

/**
 * How long to wait before the next attempt: at random, up to a bound that doubles each time, so
 * that many clients do not come back at once; never sooner than the server asked for.
 *
 * @param attempt 0 for the pause after the first attempt
 * @param retryAfter the field of the answer, if it had one
 * @param random 0…1
 * @returns milliseconds; undefined where the server wants more patience than we have
 */
export function pauseBefore(
  policy: RetryPolicy,
  attempt: number,
  retryAfter: string | undefined,
  random = Math.random(),
): number | undefined {
  const bound = Math.min(policy.longestMs, policy.firstMs * 2 ** attempt)
  const asked = parseRetryAfter(retryAfter)
  if (asked === undefined) return bound / 2 + (random * bound) / 2
  return asked > policy.patienceMs ? undefined : asked + (random * bound) / 2
}

/**
 * @returns milliseconds from now
 * @see https://www.rfc-editor.org/rfc/rfc9110#section-10.2.3
 */
export function parseRetryAfter(field: string | undefined, now = Date.now()): number | undefined {
  if (field === undefined) return undefined
  if (/^\s*\d+\s*$/.test(field)) return Number(field) * 1000
  const date = Date.parse(field)
  return Number.isNaN(date) ? undefined : Math.max(0, date - now)
}

/** Run `work` again after failed connections. @param onRetry told before each pause */
export async function withRetries<Result>(
  policy: RetryPolicy,
  work: (attempt: number) => Promise<Result>,
  onRetry: (error: unknown, pauseMs: number) => void,
): Promise<Result> {
  for (let attempt = 0; ; attempt += 1) {
    try {
      return await work(attempt)
    } catch (error) {
      const pause = pauseBefore(policy, attempt, undefined)
      const isLast = attempt + 1 >= policy.attempts
      if (isLast || pause === undefined || !isTransientFailure(error)) throw error
      onRetry(error, pause)
      await sleep(pause)
    }
  }
}

export function sleep(milliseconds: number): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, milliseconds)
  })
}
