import { timingSafeEqual, createHash } from 'node:crypto'
import type { PeerCertificate } from 'node:tls'
import { unauthorized } from '../api/status-error.ts'
import type { User } from './http-message.ts'

const anonymous: User = { name: 'system:anonymous', groups: ['system:unauthenticated'] }
const authenticated = 'system:authenticated'

export interface Credentials {
  /** Of a client whose certificate our authority signed. */
  readonly certificate: PeerCertificate | undefined
  readonly authorization: string | undefined
}

/** @returns the user of a token, or undefined for one that is not known */
export type TokenLookup = (token: string) => Promise<User | undefined>

/** Tokens that stand in a file of the server. */
export function staticTokens(users: ReadonlyMap<string, User>): TokenLookup {
  const hash = (token: string) => createHash('sha256').update(token).digest()
  const known = [...users].map(([token, user]) => ({ digest: hash(token), user }))
  return async (token) => {
    const digest = hash(token)
    return known.find((entry) => timingSafeEqual(entry.digest, digest))?.user
  }
}

function asList(value: string | string[] | undefined): string[] {
  if (value === undefined) return []
  return Array.isArray(value) ? value : [value]
}

/** Who asks. @throws StatusError 401 for a token that nobody knows */
export async function authenticate(
  { certificate, authorization }: Credentials,
  lookups: readonly TokenLookup[],
): Promise<User> {
  const subject = certificate?.subject
  const name = asList(subject?.CN)[0]
  if (name) return { name, groups: [...asList(subject?.O), authenticated] }
  const token = /^bearer\s+(\S+)$/i.exec(authorization ?? '')?.[1]
  if (token === undefined) return anonymous
  for (const lookup of lookups) {
    const user = await lookup(token)
    if (user) return { ...user, groups: [...new Set([...user.groups, authenticated])] }
  }
  throw unauthorized()
}
