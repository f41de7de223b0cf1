import { hash } from 'node:crypto'
import { OperationError } from '../native/error.ts'
import { isDigest } from './reference.ts'

/** "sha256" or "sha512". @throws {OperationError} `INVALID_IMAGE` */
export function digestAlgorithm(digest: string): string {
  if (isDigest(digest)) return digest.slice(0, digest.indexOf(':'))
  throw new OperationError('INVALID_IMAGE', 'check a digest', {
    digest: digest.slice(0, 160),
    expected: 'sha256 or sha512 in lower-case hexadecimal',
  })
}

/** "sha256:…" of bytes that are all there; of text, of its UTF-8. */
export function digestOf(content: Uint8Array | string, algorithm = 'sha256'): string {
  return `${algorithm}:${hash(algorithm, content)}`
}

/** @throws {OperationError} `INVALID_IMAGE` */
export function requireDigest(content: Uint8Array, expected: string, what: string): void {
  const actual = digestOf(content, digestAlgorithm(expected))
  if (actual !== expected)
    throw new OperationError(
      'INVALID_IMAGE',
      `check the digest of ${what}`,
      { expected, actual, size: content.length },
      { hint: 'It was damaged on its way, or the registry has damaged content' },
    )
}
