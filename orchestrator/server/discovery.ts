import { apiVersionOf } from '../api/kind.ts'
import type { Kind, Subresource } from '../api/kind.ts'
import type { GroupVersion, KindRegistry } from './kind-registry.ts'

// What the server serves, in the old form (one document a group version) and the aggregated one.
// https://kubernetes.io/docs/concepts/overview/kubernetes-api/#discovery-api

function versionsByGroup(registry: KindRegistry): Map<string, GroupVersion[]> {
  const groups = new Map<string, GroupVersion[]>()
  for (const groupVersion of registry.groupVersions()) {
    const versions = groups.get(groupVersion.group)
    if (versions) versions.push(groupVersion)
    else groups.set(groupVersion.group, [groupVersion])
  }
  return groups
}

export function legacyVersions(address: string): object {
  return {
    kind: 'APIVersions',
    versions: ['v1'],
    serverAddressByClientCIDRs: [{ clientCIDR: '0.0.0.0/0', serverAddress: address }],
  }
}

function describeGroup(group: string, versions: readonly GroupVersion[]): object {
  const entries = versions.map((version) => ({
    groupVersion: apiVersionOf(version),
    version: version.version,
  }))
  return { name: group, versions: entries, preferredVersion: entries[0] }
}

export function groupList(registry: KindRegistry): object {
  const groups = [...versionsByGroup(registry)]
    .filter(([group]) => group !== '')
    .map(([group, versions]) => describeGroup(group, versions))
  return { kind: 'APIGroupList', apiVersion: 'v1', groups }
}

/** @returns undefined for a group that is not served */
export function oneGroup(registry: KindRegistry, name: string): object | undefined {
  const versions = versionsByGroup(registry).get(name)
  if (!versions) return undefined
  return { kind: 'APIGroup', apiVersion: 'v1', ...describeGroup(name, versions) }
}

/** @returns undefined for a group version that is not served */
export function resourceList(
  registry: KindRegistry,
  groupVersion: GroupVersion,
): object | undefined {
  const kinds = registry.kindsOf(groupVersion)
  if (kinds.length === 0) return undefined
  return {
    kind: 'APIResourceList',
    apiVersion: 'v1',
    groupVersion: apiVersionOf(groupVersion),
    resources: kinds.flatMap((kind) => [
      describeKind(kind),
      ...kind.subresources.map((subresource) => describeSubresource(kind, subresource)),
    ]),
  }
}

function describeKind(kind: Kind): object {
  return {
    name: kind.plural,
    singularName: kind.singular,
    namespaced: kind.namespaced,
    kind: kind.kind,
    verbs: kind.verbs,
    ...(kind.shortNames.length > 0 ? { shortNames: kind.shortNames } : {}),
    ...(kind.categories.length > 0 ? { categories: kind.categories } : {}),
  }
}

function describeSubresource(kind: Kind, { name, verbs, kind: body }: Subresource): object {
  return {
    name: `${kind.plural}/${name}`,
    singularName: '',
    namespaced: kind.namespaced,
    ...(body === undefined ? {} : { group: body.group, version: body.version }),
    kind: body?.kind ?? kind.kind,
    verbs,
  }
}

/** @param core whether it is `/api` that was asked for */
export function aggregatedDiscovery(registry: KindRegistry, core: boolean): object {
  const items = [...versionsByGroup(registry)]
    .filter(([group]) => (group === '') === core)
    .map(([group, versions]) => ({
      metadata: group === '' ? {} : { name: group },
      versions: versions.map((version) => ({
        version: version.version,
        resources: registry.kindsOf(version).map(aggregateKind),
        freshness: 'Current',
      })),
    }))
  return {
    kind: 'APIGroupDiscoveryList',
    apiVersion: 'apidiscovery.k8s.io/v2',
    metadata: {},
    items,
  }
}

function aggregateKind(kind: Kind): object {
  const { group, version } = kind
  return {
    resource: kind.plural,
    responseKind: { group, version, kind: kind.kind },
    scope: kind.namespaced ? 'Namespaced' : 'Cluster',
    singularResource: kind.singular,
    verbs: kind.verbs,
    ...(kind.shortNames.length > 0 ? { shortNames: kind.shortNames } : {}),
    ...(kind.categories.length > 0 ? { categories: kind.categories } : {}),
    ...(kind.subresources.length > 0
      ? {
          subresources: kind.subresources.map((subresource) => ({
            subresource: subresource.name,
            responseKind: subresource.kind ?? { group, version, kind: kind.kind },
            verbs: subresource.verbs,
          })),
        }
      : {}),
  }
}
