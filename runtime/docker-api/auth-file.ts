import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { OperationError } from '../../native/error.ts'
import type { ApiCall } from './api-call.ts'
import { type JsonObject, objectOf, textField } from './json-fields.ts'

/** Credentials of a request, as a file for a command of ours; gone when disposed of. */
export interface RequestAuthFile extends Disposable {
  readonly environment: Readonly<Record<string, string>>
}

/** @throws {OperationError} `INVALID_ARGUMENT` for a header that is not JSON in base64 */
export function requestAuthFile({ header }: Pick<ApiCall, 'header'>): RequestAuthFile {
  const one = readHeader(header('x-registry-auth'))
  const several = readHeader(header('x-registry-config'))
  const entries = [
    ...(textField(one, 'serveraddress') === undefined
      ? []
      : [[serverOf(textField(one, 'serveraddress') ?? ''), one] as const]),
    ...Object.entries(several).map(
      ([server, value]) => [serverOf(server), objectOf(value, server)] as const,
    ),
  ].flatMap(([server, { username, password }]) =>
    typeof username === 'string' && typeof password === 'string' && username !== ''
      ? [[server, { auth: Buffer.from(`${username}:${password}`).toString('base64') }] as const]
      : [],
  )
  if (entries.length === 0) return { environment: {}, [Symbol.dispose]: () => undefined }
  const folder = mkdtempSync(join(tmpdir(), 'mycontainer-auth-'))
  const path = join(folder, 'auth.json')
  writeFileSync(path, JSON.stringify({ auths: Object.fromEntries(entries) }), { mode: 0o600 })
  return {
    environment: { REGISTRY_AUTH_FILE: path },
    [Symbol.dispose]: () => rmSync(folder, { recursive: true, force: true }),
  }
}

/** A place for what a login keeps; gone when disposed of. */
export function emptyAuthFile(): Disposable & { readonly path: string } {
  const folder = mkdtempSync(join(tmpdir(), 'mycontainer-auth-'))
  return {
    path: join(folder, 'auth.json'),
    [Symbol.dispose]: () => rmSync(folder, { recursive: true, force: true }),
  }
}

function readHeader(text: string | undefined): JsonObject {
  if (text === undefined || text === '') return {}
  try {
    return objectOf(JSON.parse(Buffer.from(text, 'base64url').toString('utf8')) ?? {}, 'header')
  } catch (cause) {
    throw new OperationError('INVALID_ARGUMENT', 'read the credentials of a request', {}, { cause })
  }
}

/** Docker's name for its own registry is an address of long ago. */
export function serverOf(server: string): string {
  const host = server.replace(/^https?:\/\//, '').replace(/\/.*$/, '')
  return host === 'index.docker.io' ? 'docker.io' : host
}
