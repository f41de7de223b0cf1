import type { KubeObject } from '../../api/object.ts'
import { textAt } from '../../api/object.ts'
import type { Client } from '../../client/client.ts'
import type { IssuedToken, TokenWish } from './pod-sources.ts'

// Tokens of service accounts, bound to pods: asked for when first needed and again when most of their life is over.

interface Kept extends IssuedToken {
  readonly refreshAt: number
}

const dayMs = 24 * 3600 * 1000
const maxJitterMs = 10_000

export interface TokenCache {
  /** A token that still has at least a fifth of its life before it, or the last one while none can be had. */
  token(pod: KubeObject, wish: TokenWish): Promise<IssuedToken>
  forgetPod(uid: string): void
}

/** @param now milliseconds since 1970 */
export function makeTokenCache(client: Client, now: () => number = Date.now): TokenCache {
  const tokens = new Map<string, Kept>()
  const asking = new Map<string, Promise<Kept>>()
  const ask = async (key: string, pod: KubeObject, wish: TokenWish): Promise<Kept> => {
    try {
      const issued = await requestToken(client, pod, wish)
      const kept = { ...issued, refreshAt: refreshTime(issued, now()) }
      tokens.set(key, kept)
      return kept
    } finally {
      asking.delete(key)
    }
  }
  return {
    async token(pod, wish) {
      const key = `${pod.metadata.uid ?? ''} ${wish.audience} ${wish.expirationSeconds}`
      const kept = tokens.get(key)
      if (kept && now() < kept.refreshAt) return kept
      let request = asking.get(key)
      if (!request) asking.set(key, (request = ask(key, pod, wish)))
      try {
        return await request
      } catch (error) {
        if (kept && now() < kept.expiresAt) return kept
        throw error
      }
    },
    forgetPod(uid) {
      for (const key of tokens.keys()) if (key.startsWith(`${uid} `)) tokens.delete(key)
    },
  }
}

/** At 80 % of its life, after a day at the latest; not at the same moment for all pods. */
function refreshTime({ expiresAt }: IssuedToken, issuedAt: number): number {
  const life = expiresAt - issuedAt
  const jitter = Math.random() * Math.min(maxJitterMs, life / 20)
  return issuedAt + Math.min(life * 0.8, dayMs) - jitter
}

async function requestToken(
  client: Client,
  pod: KubeObject,
  { audience, expirationSeconds }: TokenWish,
): Promise<IssuedToken> {
  const { name, namespace, uid } = pod.metadata
  const account = textAt(pod, ['spec', 'serviceAccountName']) || 'default'
  const request = {
    apiVersion: 'authentication.k8s.io/v1',
    kind: 'TokenRequest',
    metadata: { name: account, ...(namespace === undefined ? {} : { namespace }) },
    spec: {
      audiences: audience === '' ? [] : [audience],
      expirationSeconds,
      boundObjectRef: { apiVersion: 'v1', kind: 'Pod', name: name ?? '', uid: uid ?? '' },
    },
  }
  const of = { apiVersion: 'v1', kind: 'ServiceAccount' }
  const answer = await client.create(request, { of, name: account })
  const token = textAt(answer, ['status', 'token']) ?? ''
  const expiresAt = Date.parse(textAt(answer, ['status', 'expirationTimestamp']) ?? '')
  return {
    token,
    expiresAt: Number.isNaN(expiresAt) ? Date.now() + expirationSeconds * 1000 : expiresAt,
  }
}
