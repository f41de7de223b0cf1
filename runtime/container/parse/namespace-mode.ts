import type { IdMap, NamespaceMode, UserNamespaceMode } from '../options.ts'
import { parseInteger } from './integer.ts'
import { invalidValue } from './invalid-value.ts'
import { parseName } from './name.ts'
import { maximumId } from './user.ts'

type PlainKind = 'private' | 'host' | 'shareable' | 'none'

/**
 * Read `--pid`, `--ipc`, `--uts`, `--cgroupns` or `--time-ns`.
 * @param allowed the words that this namespace knows
 * @throws {OperationError} INVALID_ARGUMENT
 */
export function parseNamespaceMode(
  what: string,
  text: string,
  allowed: readonly PlainKind[],
): NamespaceMode {
  const joined = joinedNamespace(text)
  if (joined) return joined
  const kind = allowed.find((word) => word === (text === '' ? 'private' : text))
  if (kind !== undefined) return { kind }
  throw invalidValue(what, text, `Write ${allowed.join(', ')}, container:NAME or ns:PATH`)
}

/** `container:NAME` or `ns:PATH`; undefined for anything else. @throws {OperationError} INVALID_ARGUMENT */
export function joinedNamespace(
  text: string,
): Exclude<NamespaceMode, { readonly kind: PlainKind }> | undefined {
  if (text.startsWith('container:'))
    return { kind: 'container', container: parseName('container', text.slice(10)) }
  if (!text.startsWith('ns:')) return undefined
  const path = text.slice(3)
  if (path.startsWith('/') && !path.includes('\0')) return { kind: 'path', path }
  throw invalidValue('namespace path', text, 'Write ns: and an absolute path')
}

/**
 * Read `--userns`: `host`, `private`, `auto`, `nomap`, `keep-id[:uid=N,gid=N]`, …
 * @throws {OperationError} INVALID_ARGUMENT
 */
export function parseUserNamespace(text: string): UserNamespaceMode {
  const joined = joinedNamespace(text)
  if (joined) return joined
  if (text === '' || text === 'host') return { kind: 'host' }
  if (text === 'private' || text === 'auto' || text === 'nomap') return { kind: text }
  const keep = /^keep-id(?::(.+))?$/.exec(text)
  if (!keep)
    throw invalidValue('user namespace', text, 'Write host, private, auto, nomap or keep-id')
  const ids: { uid?: number; gid?: number } = {}
  for (const field of keep[1]?.split(',') ?? []) {
    const match = /^(uid|gid)=(.*)$/.exec(field)
    if (!match) throw invalidValue('user namespace', text, 'keep-id takes uid=N and gid=N')
    ids[match[1] === 'uid' ? 'uid' : 'gid'] = parseInteger('id', match[2] ?? '', 0, maximumId)
  }
  return { kind: 'keep-id', ...ids }
}

/**
 * Read `--uidmap` or `--gidmap`: `CONTAINER:HOST[:SIZE]`.
 * @throws {OperationError} INVALID_ARGUMENT
 */
export function parseIdMap(text: string): IdMap {
  const fields = text.split(':')
  if (fields.length < 2 || fields.length > 3)
    throw invalidValue('id map', text, 'Write CONTAINER:HOST[:SIZE]')
  const [containerId, hostId, size] = [fields[0], fields[1], fields[2] ?? '1'].map((field) =>
    parseInteger('id map', field ?? '', 0, 2 ** 32 - 2),
  )
  if (size === 0) throw invalidValue('id map', text, 'The size must not be 0')
  return { containerId: containerId ?? 0, hostId: hostId ?? 0, size: size ?? 1 }
}
