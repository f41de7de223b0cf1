import { createHash, createPrivateKey, createPublicKey } from 'node:crypto'

// Tokens of service accounts: JSON Web Tokens that this cluster signs and that anybody with its public key can check.

export interface TokenClaims {
  readonly namespace: string
  readonly name: string
  readonly uid: string
  readonly audiences: readonly string[]
  /** Seconds since 1970. */
  readonly expires: number
  /** What the token ends with. */
  readonly boundTo?: { readonly kind: string; readonly name: string; readonly uid: string }
}

export interface TokenIssuer {
  readonly issuer: string
  /** What others check tokens with: a JSON Web Key, RFC 7517. */
  publicKey(): object
  issue(claims: TokenClaims): Promise<string>
  /** @returns undefined for a token that is not ours, has ended, or is for somebody else */
  verify(token: string, audiences: readonly string[]): Promise<TokenClaims | undefined>
}

const algorithm = 'ES256'

interface KubernetesClaim {
  readonly namespace?: string
  readonly serviceaccount?: { readonly name?: string; readonly uid?: string }
  readonly pod?: { readonly name: string; readonly uid: string }
  readonly secret?: { readonly name: string; readonly uid: string }
  readonly node?: { readonly name: string; readonly uid: string }
}

const boundKinds = { Pod: 'pod', Secret: 'secret', Node: 'node' } as const

/** @param key PEM of a private key on P-256 */
export function makeTokenIssuer(key: string, issuer: string): TokenIssuer {
  const privateKey = createPrivateKey(key)
  const publicKey = createPublicKey(key)
  const der = publicKey.export({ type: 'spki', format: 'der' })
  const keyId = createHash('sha256').update(der).digest('base64url')
  return {
    issuer,
    publicKey: () => ({
      ...publicKey.export({ format: 'jwk' }),
      use: 'sig',
      kid: keyId,
      alg: algorithm,
    }),
    issue: async ({ namespace, name, uid, audiences, expires, boundTo }) => {
      const { SignJWT } = await import('jose')
      const bound = Object.entries(boundKinds).find(([kind]) => kind === boundTo?.kind)?.[1]
      const claim = {
        namespace,
        serviceaccount: { name, uid },
        ...(bound && boundTo ? { [bound]: { name: boundTo.name, uid: boundTo.uid } } : {}),
      }
      return new SignJWT({ 'kubernetes.io': claim })
        .setProtectedHeader({ alg: algorithm, kid: keyId })
        .setIssuer(issuer)
        .setSubject(`system:serviceaccount:${namespace}:${name}`)
        .setAudience([...audiences])
        .setIssuedAt()
        .setNotBefore('0s')
        .setExpirationTime(expires)
        .sign(privateKey)
    },
    verify: async (token, audiences) => {
      const { jwtVerify } = await import('jose')
      try {
        const options = { issuer, audience: [...audiences], algorithms: [algorithm] }
        const { payload } = await jwtVerify(token, publicKey, options)
        return readClaims(payload)
      } catch {
        return undefined
      }
    },
  }
}

function readClaims(payload: Readonly<Record<string, unknown>>): TokenClaims | undefined {
  const claim = payload['kubernetes.io'] as KubernetesClaim | undefined
  const { name, uid } = claim?.serviceaccount ?? {}
  if (!claim?.namespace || !name || !uid || typeof payload['exp'] !== 'number') return undefined
  const aud = payload['aud']
  const bound = Object.entries(boundKinds).find(([, field]) => claim[field])
  const owner = bound && claim[bound[1]]
  return {
    namespace: claim.namespace,
    name,
    uid,
    audiences: Array.isArray(aud) ? aud.map(String) : [String(aud)],
    expires: payload['exp'],
    ...(bound && owner ? { boundTo: { kind: bound[0], name: owner.name, uid: owner.uid } } : {}),
  }
}
