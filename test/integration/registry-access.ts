import { execFileSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { hashSync } from 'bcryptjs'

/** Files that a registry with users needs, and what is in them. */
export interface AccessFiles {
  readonly users: string
  readonly rules: string
}

export const password = 'secret'
// Quick on purpose: how slow a hash is is not what is tested.
const hash = hashSync(password, 4)

/** alice pushes to team/…, bob pulls from it, everybody pulls from public/…, root may do everything. */
export function writeAccessFiles(folder: string): AccessFiles {
  const files = { users: join(folder, 'users'), rules: join(folder, 'rules') }
  writeFileSync(files.users, ['alice', 'bob', 'root'].map((user) => `${user}:${hash}\n`).join(''))
  writeFileSync(
    files.rules,
    'alice team/** pull,push\nbob team/** pull\nanonymous public/** pull\n* public/** pull\nroot ** *\n',
  )
  return files
}

export function basic(user: string, secret = password): Record<string, string> {
  return { Authorization: `Basic ${Buffer.from(`${user}:${secret}`).toString('base64')}` }
}

export function bearer(token: string): Record<string, string> {
  return { Authorization: `Bearer ${token}` }
}

/** A certificate of its own for localhost and 127.0.0.1. */
export function writeCertificate(folder: string, name = 'tls'): { cert: string; key: string } {
  const files = { cert: join(folder, `${name}.crt`), key: join(folder, `${name}.key`) }
  execFileSync(
    'openssl',
    [
      'req',
      '-x509',
      '-newkey',
      'ec',
      '-pkeyopt',
      'ec_paramgen_curve:prime256v1',
      '-nodes',
      '-subj',
      `/CN=${name}`,
      '-addext',
      'subjectAltName=DNS:localhost,IP:127.0.0.1',
      '-days',
      '2',
      '-keyout',
      files.key,
      '-out',
      files.cert,
    ],
    { stdio: 'ignore' },
  )
  return files
}
