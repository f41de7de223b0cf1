import type { IncomingMessage } from 'node:http'
import type { JWTVerifyGetKey } from 'jose'
import type { Authenticator, WantedAccess } from './authenticator.ts'
import type { Client } from './exchange.ts'
import { type RegistryError, refusal } from './registry-error.ts'
import { signatureAlgorithms } from './token-keys.ts'
import { type Scope, covers, readAccessClaim } from './token-scope.ts'

/** How tokens are checked, and where clients get them. */
export interface TokenSettings {
  readonly keys: JWTVerifyGetKey
  readonly issuer: string
  /** Audience that a token must be for: the name of this registry. */
  readonly service: string
  /** URL of the token server, as the client of this request reaches it. */
  readonly realm: (request: IncomingMessage) => string
  /** Which repositories the list of all shows to a user; absent: all. */
  readonly sees?: (user: string | undefined, repository: string) => boolean
}

const clockToleranceSeconds = 60

const nobody: Client = { user: undefined, may: () => false, sees: undefined }

/** Tokens (JWT) as docker and containerd fetch them. */
export function tokenAccess(settings: TokenSettings): Authenticator {
  const known = new WeakSet<Client>()
  return {
    async identify(request) {
      const token = /^bearer ([\w.~+/=-]+)$/i.exec(request.headers.authorization?.trim() ?? '')?.[1]
      if (token === undefined) return nobody
      const client = await verify(settings, request, token)
      known.add(client)
      return client
    },
    refuse: (request, client, wanted) =>
      challenge(settings, request, wanted, known.has(client) ? 'insufficient_scope' : undefined),
    isKnown: (client) => known.has(client),
  }
}

async function verify(
  settings: TokenSettings,
  request: IncomingMessage,
  token: string,
): Promise<Client> {
  const { jwtVerify } = await import('jose')
  const { keys, issuer, service } = settings
  try {
    const { payload } = await jwtVerify(token, keys, {
      issuer,
      audience: service,
      algorithms: signatureAlgorithms,
      clockTolerance: clockToleranceSeconds,
      requiredClaims: ['exp'],
    })
    return clientOf(settings, payload.sub, readAccessClaim(payload['access']))
  } catch {
    throw challenge(settings, request, undefined, 'invalid_token')
  }
}

function clientOf(settings: TokenSettings, subject: unknown, scopes: readonly Scope[]): Client {
  const user = typeof subject === 'string' && subject !== '' ? subject : undefined
  const mayList = covers(scopes, 'registry', 'catalog', '*')
  return {
    user,
    may: (action, repository) => covers(scopes, 'repository', repository, action),
    sees: mayList ? (repository) => settings.sees?.(user, repository) ?? true : undefined,
  }
}

/** Actions to ask for: who pushes must be able to look, too. */
const wantedActions = { pull: 'pull', push: 'pull,push', delete: 'delete' } as const

function challenge(
  { realm, service }: TokenSettings,
  request: IncomingMessage,
  wanted: WantedAccess | undefined,
  error: string | undefined,
): RegistryError {
  const isCatalog = request.url?.startsWith('/v2/_catalog') ?? false
  const scope = wanted
    ? `repository:${wanted.repository}:${wantedActions[wanted.action]}`
    : isCatalog
      ? 'registry:catalog:*'
      : undefined
  const parameters = Object.entries({ realm: realm(request), service, scope, error })
    .filter(([, value]) => value !== undefined)
    .map(([key, value]) => `${key}="${value}"`)
  return refusal(401, 'UNAUTHORIZED', 'a token for this is needed', {
    detail: wanted,
    headers: { 'WWW-Authenticate': `Bearer ${parameters.join(',')}` },
  })
}
