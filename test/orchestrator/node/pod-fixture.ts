import type { JsonObject, KubeObject } from '../../../orchestrator/api/object.ts'
import type { PodFacts, PodSources } from '../../../orchestrator/node/environment/pod-sources.ts'
import type { NodeStorage } from '../../../orchestrator/node/volumes/node-storage.ts'

export const facts: PodFacts = {
  podIPs: ['10.244.1.7'],
  hostIPs: ['192.0.2.1', '2001:db8::1'],
  allocatable: { cpu: '4', memory: '8Gi' },
}

export function podWith(spec: JsonObject): KubeObject {
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      name: 'web-1',
      namespace: 'shop',
      uid: '11111111-2222-3333-4444-555555555555',
      labels: { app: 'web', 'app.kubernetes.io/name': 'web' },
      annotations: { note: 'say "hi"\nbye' },
    },
    spec: { nodeName: 'dev-1', serviceAccountName: 'default', ...spec },
  }
}

/** What a pod may refer to, held in a list that a test changes as it goes. */
export function sourcesOf(objects: readonly KubeObject[]): PodSources {
  const find = async (kind: string, namespace: string, name: string) =>
    objects.find(
      (it) => it.kind === kind && it.metadata.namespace === namespace && it.metadata.name === name,
    )
  return {
    claim: (namespace, name) => find('PersistentVolumeClaim', namespace, name),
    volume: async (name) =>
      objects.find((it) => it.kind === 'PersistentVolume' && it.metadata.name === name),
    configMap: (namespace, name) => find('ConfigMap', namespace, name),
    secret: (namespace, name) => find('Secret', namespace, name),
    services: () => objects.filter(({ kind }) => kind === 'Service'),
    serviceAccountToken: async (_pod, { audience, expirationSeconds }) => ({
      token: `token for ${audience}`,
      expiresAt: Date.now() + expirationSeconds * 1000,
    }),
  }
}

/** A node without volumes of its own. */
export const noStorage: Pick<NodeStorage, 'isHere' | 'makeFolder'> = {
  isHere: () => true,
  makeFolder: () => Promise.reject(new Error('no volume of this node')),
}
