import type { IncomingMessage } from 'node:http'
import { monotonicMs } from '../../native/clock.ts'
import type { Users } from './password-file.ts'
import { createRateLimit } from './rate-limit.ts'
import { refusal } from './registry-error.ts'

/** Wrong passwords that one address may send in a minute. */
const failuresPerMinute = 60

/** Checks the `Authorization: Basic` of requests. */
export interface Login {
  /**
   * @returns the user; undefined where no credentials came
   * @throws {RegistryError} 401 for wrong ones, 429 for too many wrong ones
   */
  check(request: IncomingMessage): Promise<string | undefined>
  /** As `check`, for credentials that came otherwise. */
  checkPassword(request: IncomingMessage, user: string, password: string): Promise<string>
}

export function createLogin(users: Users, realm: string): Login {
  const failures = createRateLimit(failuresPerMinute, monotonicMs)
  const checkPassword: Login['checkPassword'] = async (request, user, password) => {
    if (users.remembers(user, password)) return user
    const address = request.socket.remoteAddress ?? ''
    // Before the password is looked at: that is what costs.
    const seconds = failures.wait(address)
    if (seconds > 0)
      throw refusal(429, 'TOOMANYREQUESTS', 'too many wrong passwords from this address', {
        headers: { 'Retry-After': String(seconds) },
      })
    if (await users.verify(user, password)) return user
    failures.take(address)
    throw basicChallenge(realm, 'user or password is wrong')
  }
  return {
    checkPassword,
    async check(request) {
      const credentials = readBasic(request.headers.authorization)
      return credentials && checkPassword(request, credentials.user, credentials.password)
    },
  }
}

export function basicChallenge(realm: string, message = 'log in first'): Error {
  return refusal(401, 'UNAUTHORIZED', message, {
    headers: { 'WWW-Authenticate': `Basic realm="${realm}", charset="UTF-8"` },
  })
}

interface Credentials {
  readonly user: string
  readonly password: string
}

/** @returns undefined where there are none; some clients send an empty user for "none" */
function readBasic(header: string | undefined): Credentials | undefined {
  const match = /^basic ([A-Za-z0-9+/=_-]+)$/i.exec(header?.trim() ?? '')
  if (!match) return undefined
  const text = Buffer.from(match[1] ?? '', 'base64').toString('utf8')
  const colon = text.indexOf(':')
  if (colon < 1) return undefined
  return { user: text.slice(0, colon), password: text.slice(colon + 1) }
}
