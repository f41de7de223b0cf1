import { readFileSync } from 'node:fs'
import { OperationError } from '../../native/error.ts'

/** Certificate and key as PEM texts. */
export interface TlsIdentity {
  readonly cert: string
  readonly key: string
}

/**
 * Read a certificate chain and its key, and see whether they belong together.
 *
 * @returns undefined where neither is named
 * @throws {OperationError} `INVALID_ARGUMENT`, `NOT_FOUND`
 */
export function readTlsIdentity(
  certPath: string | undefined,
  keyPath: string | undefined,
): TlsIdentity | undefined {
  if (certPath === undefined && keyPath === undefined) return undefined
  if (certPath === undefined || keyPath === undefined)
    throw new OperationError(
      'INVALID_ARGUMENT',
      'set up TLS',
      {},
      { hint: 'Give --tls-cert and --tls-key together' },
    )
  const identity = { cert: readPem(certPath), key: readPem(keyPath) }
  try {
    process.getBuiltinModule('node:tls').createSecureContext(identity)
  } catch (cause) {
    const detail = { cert: certPath, key: keyPath }
    throw new OperationError('INVALID_ARGUMENT', 'set up TLS', detail, { cause })
  }
  return identity
}

function readPem(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch (cause) {
    throw new OperationError('NOT_FOUND', 'read a TLS file', { path }, { cause })
  }
}
