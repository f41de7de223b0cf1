import { readFileSync } from 'node:fs'
import { createPublicKey } from 'node:crypto'
import type { JWTVerifyGetKey } from 'jose'
import { OperationError } from '../../native/error.ts'

/** Never those where the verifier's key is also the signer's: a public key would sign tokens. */
export const signatureAlgorithms = [
  'ES256',
  'ES384',
  'ES512',
  'RS256',
  'RS384',
  'RS512',
  'PS256',
  'PS384',
  'PS512',
  'EdDSA',
  'Ed25519',
]

/**
 * Public keys of a token server: a JWKS document, or a key or certificate as PEM.
 *
 * @throws {OperationError} `NOT_FOUND`, `INVALID_ARGUMENT`
 */
export async function readTokenKeys(path: string): Promise<JWTVerifyGetKey> {
  let text: string
  try {
    text = readFileSync(path, 'utf8')
  } catch (cause) {
    throw new OperationError('NOT_FOUND', 'read the token keys', { path }, { cause })
  }
  try {
    if (!text.trimStart().startsWith('{')) {
      if (/PRIVATE KEY/.test(text)) throw new Error('it is a private key')
      const key = createPublicKey(text)
      return () => key
    }
    const { createLocalJWKSet } = await import('jose')
    const document = JSON.parse(text) as { keys: [] }
    if (JSON.stringify(document).includes('"kty":"oct"'))
      throw new Error('it has a secret key, which everybody who verifies could sign with')
    return createLocalJWKSet(document)
  } catch (cause) {
    throw new OperationError(
      'INVALID_ARGUMENT',
      'read the token keys',
      { path },
      { cause, hint: 'Give a PEM public key, a PEM certificate or a JWKS document' },
    )
  }
}
