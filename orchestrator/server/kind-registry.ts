import { apiVersionOf } from '../api/kind.ts'
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
  /** The kinds that are served besides the built-in ones; those of before are not any more. */
  setCustom(kinds: readonly Kind[]): void
}

interface Index {
  readonly kinds: readonly Kind[]
  readonly resources: ReadonlyMap<string, Kind>
  readonly names: ReadonlyMap<string, Kind>
  readonly groupVersions: readonly GroupVersion[]
}

function makeIndex(kinds: readonly Kind[]): Index {
  const groups = new Map<string, GroupVersion>()
  for (const { group, version } of kinds) groups.set(`${group}/${version}`, { group, version })
  return {
    kinds,
    resources: new Map(kinds.map((kind) => [`${kind.group}/${kind.version}/${kind.plural}`, kind])),
    names: new Map(kinds.map((kind) => [`${apiVersionOf(kind)}/${kind.kind}`, kind])),
    groupVersions: [...groups.values()],
  }
}

export function makeKindRegistry(builtIn: readonly Kind[]): KindRegistry {
  let index = makeIndex(builtIn)
  const taken = new Set(builtIn.map(({ group }) => group))
  return {
    byResource: (group, version, plural) => index.resources.get(`${group}/${version}/${plural}`),
    byKind: (apiVersion, kind) => index.names.get(`${apiVersion}/${kind}`),
    groupVersions: () => index.groupVersions,
    kindsOf: ({ group, version }) =>
      index.kinds.filter((kind) => kind.group === group && kind.version === version),
    all: () => index.kinds,
    setCustom: (kinds) => {
      // Nobody puts a kind of their own in the place of a built-in one.
      index = makeIndex([...builtIn, ...kinds.filter(({ group }) => !taken.has(group))])
    },
  }
}
