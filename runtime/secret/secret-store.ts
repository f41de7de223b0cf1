import { mkdirSync, readFileSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { OperationError } from '../../native/error.ts'
import { randomBytes } from '../../native/random.ts'
import { isSystemError } from '../../native/system-error.ts'
import { readJsonIfPresent, writeFileDurably } from '../container/durable-file.ts'
import { timestamp } from '../container/identifier.ts'
import { parseName } from '../container/parse/name.ts'

// A secret is a folder that root alone can read: secrets/<name>/ with secret.json and the bytes. Containers get a
// copy when they are made.

export interface Secret {
  /** 25 hexadecimal digits, as podman has them. */
  readonly id: string
  readonly name: string
  /** RFC 3339 with nanoseconds. */
  readonly created: string
  readonly updated: string
  readonly labels: Readonly<Record<string, string>>
}

/** As podman's limit. */
export const maxSecretBytes = 512_000

export interface SecretWish {
  readonly name: string
  readonly data: Uint8Array
  readonly labels: Readonly<Record<string, string>>
  /** Take the place of one of this name. */
  readonly replace: boolean
}

/** Where the secrets of this data folder lie, one folder each. */
export function secretsFolder(dataDir: string): string {
  return join(dataDir, 'secrets')
}

/**
 * Keep a secret. Half of one is never seen.
 *
 * @throws {OperationError} `INVALID_ARGUMENT` for a bad name, no bytes, or more than `maxSecretBytes`; `ALREADY_EXISTS`
 */
export function createSecret(dataDir: string, { name, data, labels, replace }: SecretWish): Secret {
  parseName('secret', name)
  if (data.length === 0 || data.length > maxSecretBytes)
    throw new OperationError(
      'INVALID_ARGUMENT',
      `create the secret ${name}`,
      { bytes: data.length, limit: maxSecretBytes },
      { hint: 'A secret has from 1 to 512000 bytes' },
    )
  const before = findSecret(dataDir, name)
  if (before && !replace) throw exists(name)
  const time = timestamp()
  const secret = {
    id: randomBytes(13).toString('hex').slice(0, 25),
    name,
    created: before?.created ?? time,
    updated: time,
    labels,
  }
  const parent = secretsFolder(dataDir)
  const aside = join(parent, `.new-${process.pid}-${randomBytes(4).toString('hex')}`)
  mkdirSync(aside, { recursive: true, mode: 0o700 })
  try {
    writeFileSync(join(aside, 'data'), data, { mode: 0o600 })
    writeFileDurably(join(aside, 'secret.json'), `${JSON.stringify(secret)}\n`)
    if (before) removeSecret(dataDir, name)
    renameSync(aside, join(parent, name))
  } catch (error) {
    rmSync(aside, { recursive: true, force: true })
    // Somebody else was faster.
    if (isSystemError(error, 'ENOTEMPTY') || isSystemError(error, 'EEXIST')) throw exists(name)
    throw error
  }
  return secret
}

function exists(name: string): OperationError {
  return new OperationError(
    'ALREADY_EXISTS',
    `create the secret ${name}`,
    {},
    { hint: 'Choose another name, or put this one in its place with --replace' },
  )
}

function findSecret(dataDir: string, name: string): Secret | undefined {
  if (name.startsWith('.') || name.includes('/')) return undefined
  return readJsonIfPresent(join(secretsFolder(dataDir), name, 'secret.json')) as Secret | undefined
}

/** By name. */
export function listSecrets(dataDir: string): Secret[] {
  try {
    return readdirSync(secretsFolder(dataDir))
      .toSorted()
      .flatMap((name) => findSecret(dataDir, name) ?? [])
  } catch (error) {
    if (isSystemError(error, 'ENOENT')) return []
    throw error
  }
}

/** By name, by id, or by the beginning of an id that only one has. @throws {OperationError} `NOT_FOUND` */
export function requireSecret(dataDir: string, reference: string): Secret {
  const named = findSecret(dataDir, reference)
  if (named) return named
  const found = listSecrets(dataDir).filter(
    ({ id }) => reference !== '' && id.startsWith(reference),
  )
  const [only] = found
  if (only && found.length === 1) return only
  throw new OperationError(
    'NOT_FOUND',
    `no secret with name or id ${JSON.stringify(reference.slice(0, 80))}`,
    {},
    { hint: 'Make it with "mycontainer secret create", or see "mycontainer secret ls"' },
  )
}

export function readSecret(dataDir: string, { name }: Secret): Buffer {
  return readFileSync(join(secretsFolder(dataDir), name, 'data'))
}

/** Containers keep the copy that they have. @throws {OperationError} `NOT_FOUND` */
export function removeSecret(dataDir: string, reference: string): Secret {
  const secret = requireSecret(dataDir, reference)
  const parent = secretsFolder(dataDir)
  const grave = join(parent, `.old-${process.pid}-${randomBytes(4).toString('hex')}`)
  renameSync(join(parent, secret.name), grave)
  rmSync(grave, { recursive: true, force: true })
  return secret
}
