import type { Kind } from '../api/kind.ts'

export interface GroupVersion {
  readonly group: string
  readonly version: string
}

/** The kinds that the server serves, as requests and bodies name them. */
export interface KindRegistry {
  byResource(group: string, version: string, plural: string): Kind | undefined
  byKind(apiVersion: string, kind: string): Kind | undefined
  /** The order of discovery: of a group, the preferred version first. */
  groupVersions(): readonly GroupVersion[]
  kindsOf(groupVersion: GroupVersion): readonly Kind[]
  all(): readonly Kind[]
}

export function makeKindRegistry(kinds: readonly Kind[]): KindRegistry {
  const resources = new Map(
    kinds.map((kind) => [`${kind.group}/${kind.version}/${kind.plural}`, kind]),
  )
  const names = new Map(
    kinds.map((kind) => [
      `${kind.group === '' ? '' : `${kind.group}/`}${kind.version}/${kind.kind}`,
      kind,
    ]),
  )
  const groups = new Map<string, GroupVersion>()
  for (const { group, version } of kinds) groups.set(`${group}/${version}`, { group, version })
  return {
    byResource: (group, version, plural) => resources.get(`${group}/${version}/${plural}`),
    byKind: (apiVersion, kind) => names.get(`${apiVersion}/${kind}`),
    groupVersions: () => [...groups.values()],
    kindsOf: ({ group, version }) =>
      kinds.filter((kind) => kind.group === group && kind.version === version),
    all: () => kinds,
  }
}
