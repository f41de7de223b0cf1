import type { Kind } from '../api/kind.ts'
import { isObject, numberAt, textAt, valueAt } from '../api/object.ts'
import type { JsonObject } from '../api/object.ts'
import { conflict, invalid, StatusError } from '../api/status-error.ts'
import { invalidValue } from '../api/validation/field-error.ts'
import { formatTime } from '../api/write/prepare-write.ts'
import type { TokenLookup } from './authenticate.ts'
import type { User } from './http-message.ts'
import type { KindRegistry } from './kind-registry.ts'
import type { ResourceService } from './resource-service.ts'
import type { TokenClaims, TokenIssuer } from './token-issuer.ts'

const usualSeconds = 3600
const shortestSeconds = 600
const longestSeconds = 2 ** 32

export interface ServiceAccountTokens {
  /** Answer a TokenRequest. @throws StatusError 404, 409, 422 */
  request(namespace: string, name: string, review: JsonObject): Promise<JsonObject>
  /** Who a token is, as long as its account, and what it is bound to, exist. */
  review(
    token: string,
    audiences: readonly string[],
  ): Promise<{ user: User; audiences: readonly string[] } | undefined>
  readonly lookup: TokenLookup
}

/** @param audience what a token is for that is to be shown to this server */
export function makeServiceAccountTokens(
  issuer: TokenIssuer,
  audience: string,
  resources: ResourceService,
  registry: KindRegistry,
): ServiceAccountTokens {
  const kindOf = (name: string): Kind => registry.byKind('v1', name)!

  /** Whether an object with that uid is there. */
  async function exists(
    kind: string,
    namespace: string,
    name: string,
    uid: string,
  ): Promise<boolean> {
    try {
      const found = await resources.get(kindOf(kind), kind === 'Node' ? undefined : namespace, name)
      return found.metadata.uid === uid
    } catch (error) {
      if (error instanceof StatusError && error.status.code === 404) return false
      throw error
    }
  }

  async function isAlive({ namespace, name, uid, boundTo }: TokenClaims): Promise<boolean> {
    if (!(await exists('ServiceAccount', namespace, name, uid))) return false
    return boundTo === undefined || exists(boundTo.kind, namespace, boundTo.name, boundTo.uid)
  }

  async function review(token: string, audiences: readonly string[]) {
    const claims = await issuer.verify(token, audiences.length > 0 ? audiences : [audience])
    return claims && (await isAlive(claims))
      ? { user: userOf(claims), audiences: claims.audiences }
      : undefined
  }

  return {
    review,
    lookup: async (token) => (await review(token, [audience]))?.user,
    request: async (namespace, name, body) => {
      const account = await resources.get(kindOf('ServiceAccount'), namespace, name)
      const seconds = numberAt(body, ['spec', 'expirationSeconds']) ?? usualSeconds
      requireDuration(seconds)
      const wanted = valueAt(body, ['spec', 'audiences'])
      const audiences = Array.isArray(wanted) && wanted.length > 0 ? wanted.map(String) : [audience]
      const boundTo = boundObject(body)
      if (boundTo && !(await exists(boundTo.kind, namespace, boundTo.name, boundTo.uid)))
        throw conflict(
          kindOf('ServiceAccount'),
          name,
          `the ${boundTo.kind} ${boundTo.name} that the token is to be bound to is not there`,
        )
      const expires = Math.floor(Date.now() / 1000) + seconds
      const uid = account.metadata.uid ?? ''
      const token = await issuer.issue({
        namespace,
        name,
        uid,
        audiences,
        expires,
        ...(boundTo ? { boundTo } : {}),
      })
      const expirationTimestamp = formatTime(new Date(expires * 1000))
      return {
        kind: 'TokenRequest',
        apiVersion: 'authentication.k8s.io/v1',
        metadata: { name, namespace, creationTimestamp: formatTime(new Date()) },
        spec: {
          ...(isObject(body['spec']) ? body['spec'] : {}),
          audiences,
          expirationSeconds: seconds,
        },
        status: { token, expirationTimestamp },
      }
    },
  }
}

function requireDuration(seconds: number): void {
  const field = 'spec.expirationSeconds'
  const kind = { kind: 'TokenRequest', group: 'authentication.k8s.io' }
  if (seconds < shortestSeconds)
    throw invalid(kind, '', [
      invalidValue(field, seconds, 'may not specify a duration less than 10 minutes'),
    ])
  if (seconds > longestSeconds)
    throw invalid(kind, '', [
      invalidValue(field, seconds, 'may not specify a duration larger than 2^32 seconds'),
    ])
}

function boundObject(body: JsonObject): TokenClaims['boundTo'] {
  const reference = valueAt(body, ['spec', 'boundObjectRef'])
  const kind = textAt(reference, ['kind'])
  if (!kind) return undefined
  if (!['Pod', 'Secret', 'Node'].includes(kind))
    throw invalid({ kind: 'TokenRequest', group: 'authentication.k8s.io' }, '', [
      invalidValue('spec.boundObjectRef', kind, 'cannot bind a token to an object of this kind'),
    ])
  return { kind, name: textAt(reference, ['name']) ?? '', uid: textAt(reference, ['uid']) ?? '' }
}

function userOf({ namespace, name, uid, boundTo }: TokenClaims): User {
  const extra =
    boundTo?.kind === 'Pod'
      ? {
          extra: {
            'authentication.kubernetes.io/pod-name': [boundTo.name],
            'authentication.kubernetes.io/pod-uid': [boundTo.uid],
          },
        }
      : {}
  return {
    name: `system:serviceaccount:${namespace}:${name}`,
    uid,
    groups: ['system:serviceaccounts', `system:serviceaccounts:${namespace}`],
    ...extra,
  }
}
