import type { Conversion, Kind, Subresource } from '../kind.ts'

/** A kind as the tables write it: what is usual is left out. */
export interface KindRow {
  readonly kind: string
  readonly plural?: string
  readonly short?: string
  readonly categories?: readonly string[]
  readonly cluster?: boolean
  /** Names of `subresources`, space separated. */
  readonly subresources?: string
  readonly selectable?: readonly string[]
  readonly generation?: boolean
  readonly statusOnCreate?: boolean
  /** `create` for what is answered and not kept, like a review. */
  readonly verbs?: readonly string[]
  readonly storage?: string
  readonly conversion?: Conversion
}

export const allVerbs = [
  'create',
  'delete',
  'deletecollection',
  'get',
  'list',
  'patch',
  'update',
  'watch',
] as const

const readAndWrite = ['get', 'patch', 'update']
const connect = ['create', 'get']
const proxyVerbs = ['create', 'delete', 'get', 'patch', 'update']

const subresources: Readonly<Record<string, Omit<Subresource, 'name'>>> = {
  status: { verbs: readAndWrite },
  scale: { verbs: readAndWrite, kind: { group: 'autoscaling', version: 'v1', kind: 'Scale' } },
  approval: { verbs: readAndWrite },
  finalize: { verbs: ['update'] },
  ephemeralcontainers: { verbs: readAndWrite },
  resize: { verbs: readAndWrite },
  binding: { verbs: ['create'], kind: { group: '', version: 'v1', kind: 'Binding' } },
  eviction: { verbs: ['create'], kind: { group: 'policy', version: 'v1', kind: 'Eviction' } },
  token: {
    verbs: ['create'],
    kind: { group: 'authentication.k8s.io', version: 'v1', kind: 'TokenRequest' },
  },
  log: { verbs: ['get'] },
  exec: { verbs: connect, kind: { group: '', version: 'v1', kind: 'PodExecOptions' } },
  attach: { verbs: connect, kind: { group: '', version: 'v1', kind: 'PodAttachOptions' } },
  portforward: {
    verbs: connect,
    kind: { group: '', version: 'v1', kind: 'PodPortForwardOptions' },
  },
}

const proxyKinds: Readonly<Record<string, string>> = {
  Pod: 'PodProxyOptions',
  Node: 'NodeProxyOptions',
  Service: 'ServiceProxyOptions',
}

function makeSubresource(name: string, owner: string): Subresource {
  if (name === 'proxy')
    return { name, verbs: proxyVerbs, kind: { group: '', version: 'v1', kind: proxyKinds[owner]! } }
  return { name, ...subresources[name]! }
}

/** @param schemas what the names of the group's schemas begin with */
export function makeKinds(
  group: string,
  version: string,
  schemas: string,
  rows: readonly KindRow[],
): Kind[] {
  return rows.map((row) => {
    const singular = row.kind.toLowerCase()
    const plural = row.plural ?? `${singular}s`
    return {
      group,
      version,
      kind: row.kind,
      plural,
      singular,
      shortNames: row.short?.split(' ') ?? [],
      categories: row.categories ?? [],
      namespaced: row.cluster !== true,
      verbs: row.verbs ?? allVerbs,
      subresources:
        row.subresources?.split(' ').map((name) => makeSubresource(name, row.kind)) ?? [],
      definition: `${schemas}.${row.kind}`,
      storage: row.storage ?? `${group === '' ? 'core' : group}/${plural}`,
      selectable: row.selectable ?? [],
      generation: row.generation ?? false,
      statusOnCreate: row.statusOnCreate ?? false,
      ...(row.conversion ? { conversion: row.conversion } : {}),
    }
  })
}
