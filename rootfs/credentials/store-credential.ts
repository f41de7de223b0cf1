import { OperationError } from '../../native/error.ts'
import {
  type AuthDocument,
  credentialKeys,
  entryKeys,
  helperFor,
  helperKey,
  readEntry,
  withEntry,
} from './auth-document.ts'
import { authFiles, readAuthFile, writeAuthFile } from './auth-files.ts'
import type { Credential } from './credential.ts'
import { eraseWithHelper, storeWithHelper } from './credential-helper.ts'
import type { CredentialSearch } from './find-credential.ts'

/**
 * Keep a credential under `key`, a registry or podman's registry/namespace, with the helper that
 * the file names for it, else in the file.
 *
 * @returns the file, for the message
 */
export async function storeCredential(
  key: string,
  credential: Credential,
  { authFile, environment }: CredentialSearch,
): Promise<string> {
  const [path = ''] = authFiles(authFile, environment)
  const document = readAuthFile(path) ?? {}
  const helper = helperOf(document, key)
  if (helper) await storeWithHelper(helper.name, helper.key, credential)
  else writeAuthFile(path, withEntry(document, key, credential))
  return path
}

/**
 * Forget the credential under `key` in the file that a login writes.
 *
 * @throws {OperationError} `NOT_FOUND` where there is none
 */
export async function removeCredential(
  key: string,
  { authFile, environment }: CredentialSearch,
): Promise<string> {
  const [path = ''] = authFiles(authFile, environment)
  const document = readAuthFile(path) ?? {}
  const helper = helperOf(document, key)
  if (helper) await eraseWithHelper(helper.name, helper.key)
  const keys = key.includes('/') ? [key] : credentialKeys(key, undefined)
  const present = keys.filter((each) => readEntry(document, each, path) !== undefined)
  if (present.length > 0)
    writeAuthFile(
      path,
      present.reduce<AuthDocument>((rest, each) => withEntry(rest, each, undefined), document),
    )
  if (!helper && present.length === 0) throw notLoggedIn(key, path)
  return path
}

/** Forget everything in the file that a login writes. @returns the keys that were there */
export async function removeAllCredentials({
  authFile,
  environment,
}: CredentialSearch): Promise<string[]> {
  const [path = ''] = authFiles(authFile, environment)
  const document = readAuthFile(path)
  if (!document) return []
  const keys = [...new Set(entryKeys(document))]
  for (const key of keys) {
    const helper = helperFor(document, key)
    if (helper !== undefined) await eraseWithHelper(helper, key)
  }
  writeAuthFile(path, { ...document, auths: {} })
  return keys
}

function helperOf(document: AuthDocument, key: string): { name: string; key: string } | undefined {
  for (const each of new Set([key, helperKey(key)])) {
    const name = helperFor(document, each)
    if (name !== undefined) return { name, key: each }
  }
  return undefined
}

function notLoggedIn(key: string, path: string): OperationError {
  return new OperationError(
    'NOT_FOUND',
    'log out',
    { registry: key, path },
    { hint: 'No credential is stored for it there' },
  )
}
