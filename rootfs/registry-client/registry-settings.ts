import { OperationError } from '../../native/error.ts'

// What registries.conf(5), version 2, says about registries. Pure.

export interface RegistrySettings {
  /** Registries that a name without one is looked for in; empty: docker.io. */
  readonly search: readonly string[]
  /** Short name → full name. */
  readonly aliases: ReadonlyMap<string, string>
  readonly registries: readonly RegistrySetting[]
}

export interface RegistrySetting {
  /** "host", "host/path…" or "*.host". */
  readonly prefix: string
  /** What the prefix is replaced by. */
  readonly location: string
  readonly insecure: boolean
  readonly blocked: boolean
  readonly mirrors: readonly MirrorSetting[]
}

export interface MirrorSetting {
  readonly location: string
  readonly insecure: boolean
  readonly pullFrom: 'all' | 'digest-only' | 'tag-only'
}

export const noSettings: RegistrySettings = { search: [], aliases: new Map(), registries: [] }

type Fields = Readonly<Record<string, unknown>>

/** @param document what a TOML parser made of the file */
export function readRegistrySettings(document: unknown, path: string): RegistrySettings {
  const root = fields(document, path, 'the file')
  if ('registries' in root)
    throw wrong(path, 'registries', 'version 2 of the format: [[registry]] tables')
  const aliases = Object.entries(fields(root['aliases'] ?? {}, path, 'aliases'))
  return {
    search: texts(root['unqualified-search-registries'], path, 'unqualified-search-registries'),
    aliases: new Map(
      aliases.map(([name, target]) => [name, text(target, path, `aliases.${name}`)]),
    ),
    registries: list(root['registry'], path, 'registry').map((item, at) =>
      readRegistry(fields(item, path, `registry[${at}]`), path, `registry[${at}]`),
    ),
  }
}

function readRegistry(item: Fields, path: string, at: string): RegistrySetting {
  const location = optionalText(item['location'], path, `${at}.location`)
  const prefix = optionalText(item['prefix'], path, `${at}.prefix`) ?? location
  if (prefix === undefined || prefix === '') throw wrong(path, at, 'a prefix or a location')
  const byDigest = flag(item['mirror-by-digest-only'], path, `${at}.mirror-by-digest-only`)
  return {
    prefix: trimSlash(prefix),
    // With a wildcard there is nothing to replace.
    location: trimSlash(location ?? (prefix.startsWith('*.') ? '' : prefix)),
    insecure: flag(item['insecure'], path, `${at}.insecure`),
    blocked: flag(item['blocked'], path, `${at}.blocked`),
    mirrors: list(item['mirror'], path, `${at}.mirror`).map((mirror, index) =>
      readMirror(
        fields(mirror, path, `${at}.mirror[${index}]`),
        path,
        `${at}.mirror[${index}]`,
        byDigest,
      ),
    ),
  }
}

function readMirror(item: Fields, path: string, at: string, byDigest: boolean): MirrorSetting {
  const pullFrom = optionalText(item['pull-from-mirror'], path, `${at}.pull-from-mirror`)
  if (
    pullFrom !== undefined &&
    pullFrom !== 'all' &&
    pullFrom !== 'digest-only' &&
    pullFrom !== 'tag-only'
  )
    throw wrong(path, `${at}.pull-from-mirror`, 'all, digest-only or tag-only')
  return {
    location: trimSlash(text(item['location'], path, `${at}.location`)),
    insecure: flag(item['insecure'], path, `${at}.insecure`),
    pullFrom: pullFrom ?? (byDigest ? 'digest-only' : 'all'),
  }
}

/** A later file adds registries and aliases; its search list and what has the same prefix replace. */
export function mergeSettings(first: RegistrySettings, later: RegistrySettings): RegistrySettings {
  const replaced = new Set(later.registries.map(({ prefix }) => prefix))
  return {
    search: later.search.length > 0 ? later.search : first.search,
    aliases: new Map([...first.aliases, ...later.aliases]),
    registries: [
      ...first.registries.filter(({ prefix }) => !replaced.has(prefix)),
      ...later.registries,
    ],
  }
}

/** The setting whose prefix is the longest that fits a full name without tag. */
export function settingFor(settings: RegistrySettings, name: string): RegistrySetting | undefined {
  return settings.registries
    .filter(({ prefix }) => prefixFits(prefix, name))
    .toSorted((a, b) => b.prefix.length - a.prefix.length)[0]
}

function prefixFits(prefix: string, name: string): boolean {
  if (prefix.startsWith('*.')) {
    const host = name.slice(0, name.indexOf('/'))
    return host.endsWith(prefix.slice(1))
  }
  return name === prefix || name.startsWith(`${prefix}/`)
}

function trimSlash(value: string): string {
  return value.replace(/\/+$/, '')
}

function fields(value: unknown, path: string, field: string): Fields {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Fields
  throw wrong(path, field, 'a table')
}

function list(value: unknown, path: string, field: string): readonly unknown[] {
  if (value === undefined) return []
  if (Array.isArray(value)) return value
  throw wrong(path, field, 'an array')
}

function texts(value: unknown, path: string, field: string): string[] {
  return list(value, path, field).map((item) => text(item, path, field))
}

function text(value: unknown, path: string, field: string): string {
  if (typeof value === 'string') return value
  throw wrong(path, field, 'a string')
}

function optionalText(value: unknown, path: string, field: string): string | undefined {
  return value === undefined ? undefined : text(value, path, field)
}

function flag(value: unknown, path: string, field: string): boolean {
  if (value === undefined || typeof value === 'boolean') return value ?? false
  throw wrong(path, field, 'true or false')
}

function wrong(path: string, field: string, expected: string): OperationError {
  return new OperationError(
    'INVALID_ARGUMENT',
    'read the settings of registries',
    { path, field, expected },
    { hint: 'See containers-registries.conf(5)' },
  )
}
