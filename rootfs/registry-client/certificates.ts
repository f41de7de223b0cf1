import { existsSync, readFileSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { OperationError } from '../../native/error.ts'
import type { Environment } from '../credentials/auth-files.ts'
import type { TlsSettings } from './http-transport.ts'

export interface CertificateSearch {
  /** `--cert-dir`. */
  readonly certDir?: string | undefined
  readonly environment: Environment
}

/**
 * Certificates that a user or administrator put down for a registry: `*.crt` are authorities,
 * `NAME.cert` and `NAME.key` are ours.
 *
 * @see containers-certs.d(5)
 * @throws {OperationError} `INVALID_ARGUMENT` where half of a pair is missing
 */
export function readCertificates(
  host: string,
  { certDir, environment }: CertificateSearch,
): Omit<TlsSettings, 'verify'> {
  const folder = findFolder(host, certDir, environment)
  if (folder === undefined) return { authorities: [], client: undefined }
  const names = readdirSync(folder)
  const named = (end: string): string[] => names.filter((name) => name.endsWith(end))
  return {
    authorities: named('.crt').map((name) => readFileSync(join(folder, name), 'utf8')),
    client: readPair(folder, named('.cert'), named('.key')),
  }
}

function findFolder(
  host: string,
  certDir: string | undefined,
  environment: Environment,
): string | undefined {
  if (certDir !== undefined) {
    if (existsSync(certDir)) return certDir
    throw new OperationError('NOT_FOUND', 'read certificates', { folder: certDir })
  }
  const home = environment['HOME'] || '/'
  return [join(home, '.config/containers'), '/etc/containers', '/etc/docker']
    .map((parent) => join(parent, 'certs.d', host))
    .find((folder) => existsSync(folder))
}

function readPair(
  folder: string,
  certificates: readonly string[],
  keys: readonly string[],
): TlsSettings['client'] {
  const [certificate] = certificates
  const key = certificate?.replace(/\.cert$/, '.key') ?? keys[0]
  if (certificate === undefined && key === undefined) return undefined
  if (certificate === undefined || key === undefined || !keys.includes(key))
    throw new OperationError(
      'INVALID_ARGUMENT',
      'read certificates',
      { folder, certificate: certificate ?? 'missing', key: key ?? 'missing' },
      { hint: 'NAME.cert and NAME.key belong together' },
    )
  return {
    certificate: readFileSync(join(folder, certificate), 'utf8'),
    key: readFileSync(join(folder, key), 'utf8'),
  }
}
