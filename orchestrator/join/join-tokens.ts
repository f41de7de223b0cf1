import { randomInt } from 'node:crypto'
import type { KubeObject } from '../api/object.ts'
import { textAt } from '../api/object.ts'
import type { Client } from '../client/client.ts'
import { bootstrapTokenSecret } from '../server/bootstrap-tokens.ts'

// Tokens with which machines join. They are secrets of kube-system, as kubeadm keeps them.

export interface JoinToken {
  readonly id: string
  /** RFC 3339; absent: it does not end. */
  readonly expires: string | undefined
}

const kind = { apiVersion: 'v1', kind: 'Secret' }
const namespace = 'kube-system'
const prefix = 'bootstrap-token-'
const letters = 'abcdefghijklmnopqrstuvwxyz0123456789'
const idLength = 6
const secretLength = 16

/** @param lifetimeMs undefined: it does not end @returns `ID.SECRET`, which is shown this once */
export async function createToken(client: Client, lifetimeMs: number | undefined): Promise<string> {
  const token = `${randomText(idLength)}.${randomText(secretLength)}`
  const expires = lifetimeMs === undefined ? undefined : new Date(Date.now() + lifetimeMs)
  await client.create(bootstrapTokenSecret(token, expires))
  return token
}

function randomText(length: number): string {
  return Array.from({ length }, () => letters[randomInt(letters.length)]).join('')
}

export async function listTokens(client: Client): Promise<JoinToken[]> {
  const { items } = await client.list(kind, {
    namespace,
    fieldSelector: 'type=bootstrap.kubernetes.io/token',
  })
  return items.map((secret) => ({
    id: field(secret, 'token-id') ?? '',
    expires: field(secret, 'expiration'),
  }))
}

function field(secret: KubeObject, name: string): string | undefined {
  const text = textAt(secret, ['data', name])
  return text === undefined ? undefined : Buffer.from(text, 'base64').toString()
}

/** @param token its id, or all of it @throws {StatusError} 404 */
export async function deleteToken(client: Client, token: string): Promise<void> {
  await client.delete(kind, { namespace, name: `${prefix}${token.slice(0, idLength)}` })
}
