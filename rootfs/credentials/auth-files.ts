import { randomUUID } from 'node:crypto'
import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { OperationError } from '../../native/error.ts'
import { type AuthDocument, parseAuthDocument } from './auth-document.ts'

export type Environment = Readonly<Record<string, string | undefined>>

/**
 * Files that may hold credentials, first the one that a login writes, as podman and docker order them.
 *
 * @param chosen `--authfile`: then no other is read
 * @see containers-auth.json(5)
 */
export function authFiles(chosen: string | undefined, environment: Environment): string[] {
  const only = chosen || environment['REGISTRY_AUTH_FILE']
  if (only) return [only]
  const home = environment['HOME'] || '/'
  // Inside an ordinary user's own user namespace the launcher says who that is.
  const uid = environment['MYCONTAINER_ROOTLESS_UID'] ?? String(process.geteuid?.() ?? 0)
  const runtime = environment['XDG_RUNTIME_DIR']
  const config = environment['XDG_CONFIG_HOME'] || join(home, '.config')
  return [
    runtime ? join(runtime, 'containers/auth.json') : `/run/containers/${uid}/auth.json`,
    join(config, 'containers/auth.json'),
    join(environment['DOCKER_CONFIG'] || join(home, '.docker'), 'config.json'),
  ]
}

/** @returns undefined where there is no such file */
export function readAuthFile(path: string): AuthDocument | undefined {
  let text: string
  try {
    text = readFileSync(path, 'utf8')
  } catch (cause) {
    const code = (cause as NodeJS.ErrnoException).code ?? 'unknown'
    if (code === 'ENOENT' || code === 'ENOTDIR') return undefined
    throw new OperationError('INVALID_ARGUMENT', 'read stored credentials', { path, errno: code })
  }
  return parseAuthDocument(text, path)
}

/** Replace the file in one step; only its owner may read it. */
export function writeAuthFile(path: string, document: AuthDocument): void {
  const temporary = `${path}.${randomUUID()}.tmp`
  try {
    mkdirSync(dirname(path), { recursive: true, mode: 0o700 })
    writeFileSync(temporary, `${JSON.stringify(document, undefined, '\t')}\n`, {
      mode: 0o600,
      flag: 'wx',
      flush: true,
    })
    renameSync(temporary, path)
  } catch (cause) {
    rmSync(temporary, { force: true })
    const errno = (cause as NodeJS.ErrnoException).code ?? 'unknown'
    throw new OperationError('INVALID_ARGUMENT', 'store credentials', { path, errno })
  }
}
