import { createHmac, randomBytes } from 'node:crypto'
import { monotonicMs } from '../../native/clock.ts'
import { OperationError } from '../../native/error.ts'
import { openReloadedFile } from './reloaded-file.ts'

/** Users and their passwords. */
export interface Users {
  /** Whether this was found to be right not long ago. Costs nothing. */
  remembers(user: string, password: string): boolean
  /** Takes tens of milliseconds of the processor, also for a user that does not exist. */
  verify(user: string, password: string): Promise<boolean>
}

/** So long a password that was right is not computed again: bcrypt takes tens of milliseconds. */
const rememberMs = 300_000
const maxRemembered = 10_000

/**
 * Users of a file as `htpasswd -B` makes it, read again when it changes. A change that cannot be read
 * is reported, and the users from before stay.
 *
 * @param onFailure gets what is wrong with a changed file
 * @throws {OperationError} `NOT_FOUND`, `INVALID_ARGUMENT` for any password that is not bcrypt
 */
export function openPasswordFile(path: string, onFailure: (error: unknown) => void): Users {
  const file = openReloadedFile(path, (text) => parsePasswords(text, path), onFailure)
  const remembered = createMemory()
  let version = file.version
  const hashOf = (user: string): string | undefined => {
    const hashes = file.current()
    if (version !== file.version) remembered.clear()
    version = file.version
    return hashes.get(user)
  }
  return {
    remembers: (user, password) => hashOf(user) !== undefined && remembered.has(user, password),
    async verify(user, password) {
      const hash = hashOf(user)
      const { compare } = await import('bcryptjs')
      const isRight = (await compare(password, hash ?? nobody)) && hash !== undefined
      if (isRight) remembered.add(user, password)
      return isRight
    },
  }
}

/** A hash of something that nobody knows. */
const nobody = '$2b$10$CwTycUXWue0Thq9StjUM0uJ8Tz9sWTf1lE9j8h4n7hW0n7cYq3x0W'

/** @throws {OperationError} `INVALID_ARGUMENT` with the line */
export function parsePasswords(text: string, path: string): Map<string, string> {
  const hashes = new Map<string, string>()
  for (const [at, line] of text.split(/\r?\n/).entries()) {
    if (line.trim() === '' || line.startsWith('#')) continue
    const colon = line.indexOf(':')
    const [user, hash] = [line.slice(0, colon), line.slice(colon + 1).trim()]
    if (colon < 1) throw malformed(path, at, 'it is not user:hash')
    if (!/^\$2[aby]\$\d\d\$[./A-Za-z0-9]{53}$/.test(hash))
      throw malformed(path, at, `${hashName(hash)} is not accepted, only bcrypt is`)
    hashes.set(user, hash)
  }
  return hashes
}

function hashName(hash: string): string {
  if (hash.startsWith('$apr1$')) return 'MD5 (apr1)'
  if (hash.startsWith('$1$')) return 'MD5'
  if (hash.startsWith('{SHA}')) return 'SHA-1 without salt'
  if (/^\$[56]\$/.test(hash)) return 'SHA-crypt'
  if (hash.startsWith('$2')) return 'a damaged bcrypt hash'
  return 'plain text or crypt'
}

function malformed(path: string, at: number, reason: string): OperationError {
  return new OperationError(
    'INVALID_ARGUMENT',
    'read the password file',
    { path, line: at + 1, reason },
    { hint: 'Make it with "htpasswd -B"' },
  )
}

interface Memory {
  has(user: string, password: string): boolean
  add(user: string, password: string): void
  clear(): void
}

/** Which passwords were right, kept as keyed hashes so that memory does not hold the passwords. */
function createMemory(): Memory {
  const key = randomBytes(32)
  const until = new Map<string, number>()
  const digest = (user: string, password: string): string =>
    createHmac('sha256', key).update(`${user.length}:${user}${password}`).digest('base64')
  return {
    has: (user, password) => (until.get(digest(user, password)) ?? 0) > monotonicMs(),
    add(user, password) {
      if (until.size >= maxRemembered) until.clear()
      until.set(digest(user, password), monotonicMs() + rememberMs)
    },
    clear: () => until.clear(),
  }
}
