import type { Credential } from '../credentials/credential.ts'
import { type BearerToken, basicAuthorization, fetchBearerToken } from './bearer-token.ts'
import { type Challenge, parseChallenges } from './challenge.ts'
import type { HttpTransport } from './http-transport.ts'

/** Answers the challenges of one registry, and remembers how. */
export interface Authenticator {
  /** Value of `Authorization` for a request; undefined as long as the registry asked for none. */
  header(scopes: readonly string[]): Promise<string | undefined>
  /**
   * Learn from a 401.
   *
   * @param challenges its `WWW-Authenticate`
   * @param rejected the header that the request had
   * @returns whether another attempt makes sense
   */
  learn(challenges: string, rejected: string | undefined): boolean
}

export interface AuthenticatorOptions {
  readonly transport: HttpTransport
  /** Looked up when the registry asks, once. */
  credential(): Promise<Credential | undefined>
  readonly allowPlain: boolean
}

export function createAuthenticator(options: AuthenticatorOptions): Authenticator {
  let challenge: Challenge | undefined
  let credential: Promise<Credential | undefined> | undefined
  const tokens = new Map<string, Promise<BearerToken>>()
  const credentialOnce = (): Promise<Credential | undefined> =>
    (credential ??= options.credential())

  /** Requests that start at once share one token. */
  const bearer = async (asked: Challenge, scopes: readonly string[]): Promise<string> => {
    const key = scopes.join(' ')
    const known = tokens.get(key)
    if (known) {
      const { token, until } = await known
      if (until > Date.now()) return token
    }
    const pending = (async () =>
      fetchBearerToken(options.transport, {
        challenge: asked,
        scopes,
        credential: await credentialOnce(),
        allowPlain: options.allowPlain,
      }))()
    tokens.set(key, pending)
    pending.catch(() => tokens.delete(key))
    return (await pending).token
  }

  return {
    async header(scopes) {
      if (!challenge) return undefined
      if (challenge.scheme === 'bearer')
        return `Bearer ${await bearer(challenge, scopesFor(challenge, scopes))}`
      const found = await credentialOnce()
      return found && basicAuthorization(found)
    },
    learn(challenges, rejected) {
      const offered = choose(parseChallenges(challenges))
      if (!offered) return false
      // A password that was refused once stays wrong; a token may have come to its end.
      if (rejected !== undefined && offered.scheme === 'basic') return false
      challenge = offered
      for (const [key, pending] of tokens)
        void pending.then(
          ({ token }) => rejected === `Bearer ${token}` && tokens.delete(key),
          () => tokens.delete(key),
        )
      return true
    },
  }
}

function choose(challenges: readonly Challenge[]): Challenge | undefined {
  return (
    challenges.find(({ scheme }) => scheme === 'bearer') ??
    challenges.find(({ scheme }) => scheme === 'basic')
  )
}

/** What the registry asked for, where a request itself needs no particular right (GET /v2/). */
function scopesFor(challenge: Challenge, scopes: readonly string[]): readonly string[] {
  if (scopes.length > 0) return scopes
  const asked = challenge.parameters.get('scope')
  return asked === undefined ? [] : [asked]
}
