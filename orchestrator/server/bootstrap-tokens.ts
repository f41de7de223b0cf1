import { createHash, timingSafeEqual } from 'node:crypto'
import type { Kind } from '../api/kind.ts'
import type { KubeObject } from '../api/object.ts'
import { StatusError } from '../api/status-error.ts'
import { formatTime } from '../api/write/prepare-write.ts'
import type { TokenLookup } from './authenticate.ts'

// Tokens with which a new machine may ask for its certificate. They are secrets of kube-system.
// https://kubernetes.io/docs/reference/access-authn-authz/bootstrap-tokens/

const type = 'bootstrap.kubernetes.io/token'
const format = /^([a-z0-9]{6})\.([a-z0-9]{16})$/
const group = 'system:bootstrappers'

/** What a join token is kept as; `token` is `ID.SECRET` of six and sixteen letters or digits. */
export function bootstrapTokenSecret(token: string, expires?: Date): KubeObject {
  const [, id, secret] = format.exec(token) ?? []
  if (id === undefined || secret === undefined)
    throw new TypeError('a join token is six letters or digits, a dot, and sixteen more')
  return {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { name: `bootstrap-token-${id}`, namespace: 'kube-system' },
    type,
    stringData: {
      'token-id': id,
      'token-secret': secret,
      'usage-bootstrap-authentication': 'true',
      'usage-bootstrap-signing': 'true',
      ...(expires ? { expiration: formatTime(expires) } : {}),
    },
  }
}

export interface BootstrapToken {
  readonly id: string
  readonly secret: string
  readonly groups: readonly string[]
  readonly authenticates: boolean
  readonly signs: boolean
}

/** @returns undefined for a secret that is no token, or one that has ended */
export function readBootstrapToken(object: KubeObject, now: Date): BootstrapToken | undefined {
  if (object['type'] !== type || object.metadata.deletionTimestamp !== undefined) return undefined
  const data = (object['data'] ?? {}) as Record<string, string | undefined>
  const field = (name: string) => Buffer.from(data[name] ?? '', 'base64').toString()
  const id = field('token-id')
  if (object.metadata.name !== `bootstrap-token-${id}`) return undefined
  const expires = field('expiration')
  if (expires !== '' && !(Date.parse(expires) > now.getTime())) return undefined
  const extra = field('auth-extra-groups').split(',')
  return {
    id,
    secret: field('token-secret'),
    groups: [group, ...extra.filter((name) => name.startsWith(`${group}:`))],
    authenticates: field('usage-bootstrap-authentication') === 'true',
    signs: field('usage-bootstrap-signing') === 'true',
  }
}

const hash = (text: string) => createHash('sha256').update(text).digest()

/** @param readSecret throws a StatusError 404 */
export function makeBootstrapTokenLookup(
  secrets: Kind,
  readSecret: (kind: Kind, namespace: string, name: string) => Promise<KubeObject>,
): TokenLookup {
  return async (token) => {
    const [, id, secret] = format.exec(token) ?? []
    if (id === undefined || secret === undefined) return undefined
    try {
      const object = await readSecret(secrets, 'kube-system', `bootstrap-token-${id}`)
      const known = readBootstrapToken(object, new Date())
      if (!known?.authenticates || !timingSafeEqual(hash(known.secret), hash(secret)))
        return undefined
      return { name: `system:bootstrap:${id}`, groups: known.groups }
    } catch (error) {
      if (error instanceof StatusError && error.status.code === 404) return undefined
      throw error
    }
  }
}
