import { OperationError } from '../../native/error.ts'
import { defaultDomain } from '../reference.ts'
import { type Credential, tokenUsername } from './credential.ts'

// The file that docker (config.json) and podman (auth.json) keep credentials in. Pure.
// Whatever else is in it, contexts and plugins of others, stays as it is.

export type AuthDocument = Readonly<Record<string, unknown>>

type Fields = Readonly<Record<string, unknown>>

/** Key of docker.io in the files of docker, since its first registry. */
const legacyHubKey = `https://index.${defaultDomain}/v1/`

/** @throws {OperationError} `INVALID_ARGUMENT` where it is no JSON object */
export function parseAuthDocument(text: string, path: string): AuthDocument {
  let document: unknown
  try {
    document = text.trim() === '' ? {} : JSON.parse(text)
  } catch {
    // The reason that JSON.parse gives quotes the text, which holds passwords.
    throw malformed(path, 'it is no JSON')
  }
  if (!isFields(document)) throw malformed(path, 'it is no JSON object')
  return document
}

/**
 * Keys that may hold the credential of a repository, most specific first: podman's, by the path
 * down to the host, then docker's for the host.
 */
export function credentialKeys(registry: string, repository: string | undefined): string[] {
  const parts = repository === undefined ? [] : repository.split('/')
  const keys: string[] = []
  for (let length = parts.length; length > 0; length -= 1)
    keys.push(`${registry}/${parts.slice(0, length).join('/')}`)
  return [...keys, ...hostKeys(registry)]
}

function hostKeys(registry: string): string[] {
  const hosts = registry === defaultDomain ? [registry, `index.${registry}`] : [registry]
  const legacy = registry === defaultDomain ? [legacyHubKey] : []
  return [
    ...hosts,
    ...legacy,
    ...hosts.flatMap((host) =>
      ['https://', 'http://'].flatMap((scheme) =>
        ['', '/', '/v1/', '/v2/'].map((end) => `${scheme}${host}${end}`),
      ),
    ),
  ]
}

/** Key under which docker and its helpers keep what podman keeps under the host's name. */
export function helperKey(registry: string): string {
  return registry === defaultDomain ? legacyHubKey : registry
}

/** Name of the helper program that a key is given to; undefined where the file itself has it. */
export function helperFor(document: AuthDocument, key: string): string | undefined {
  const helpers = document['credHelpers']
  const own = isFields(helpers) && Object.hasOwn(helpers, key) ? helpers[key] : undefined
  const named = own ?? document['credsStore']
  return typeof named === 'string' && named !== '' ? named : undefined
}

/** @throws {OperationError} `INVALID_ARGUMENT` where the entry is malformed */
export function readEntry(
  document: AuthDocument,
  key: string,
  path: string,
): Credential | undefined {
  const auths = document['auths']
  if (!isFields(auths) || !Object.hasOwn(auths, key)) return undefined
  const entry = auths[key]
  if (!isFields(entry)) throw malformed(path, `the entry of ${key} is no object`)
  const { auth, username, password, identitytoken } = entry
  if (typeof identitytoken === 'string' && identitytoken !== '')
    return { kind: 'identity-token', token: identitytoken }
  if (typeof auth === 'string' && auth !== '') return decodeAuth(auth, key, path)
  if (typeof username === 'string' && typeof password === 'string' && username !== '')
    return { kind: 'password', username, password }
  return undefined
}

function decodeAuth(auth: string, key: string, path: string): Credential {
  // docker pads what it decodes with zero bytes.
  const text = Buffer.from(auth, 'base64').toString().replace(/\0+$/, '')
  const colon = text.indexOf(':')
  if (colon < 1) throw malformed(path, `"auth" of ${key} is no base64 of user:password`)
  const username = text.slice(0, colon)
  const password = text.slice(colon + 1)
  return username === tokenUsername
    ? { kind: 'identity-token', token: password }
    : { kind: 'password', username, password }
}

/** The document with another credential under `key`; with none where it is undefined. */
export function withEntry(
  document: AuthDocument,
  key: string,
  credential: Credential | undefined,
): AuthDocument {
  const before = isFields(document['auths']) ? Object.entries(document['auths']) : []
  const others = before.filter(([name]) => name !== key)
  const own: [string, unknown][] = credential ? [[key, formatEntry(credential)]] : []
  return { ...document, auths: Object.fromEntries([...others, ...own]) }
}

function formatEntry(credential: Credential): Fields {
  if (credential.kind === 'identity-token') return { auth: '', identitytoken: credential.token }
  const text = `${credential.username}:${credential.password}`
  return { auth: Buffer.from(text).toString('base64') }
}

export function entryKeys(document: AuthDocument): string[] {
  const { auths, credHelpers } = document
  return [auths, credHelpers].flatMap((part) => (isFields(part) ? Object.keys(part) : []))
}

function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function malformed(path: string, reason: string): OperationError {
  return new OperationError(
    'INVALID_ARGUMENT',
    'read stored credentials',
    { path, reason },
    { hint: 'Correct the file, or remove it and log in again' },
  )
}
