import type { KubeObject } from '../../api/object.ts'
import { StatusError } from '../../api/status-error.ts'
import type { Client, ObjectName } from '../../client/client.ts'
import type { ObjectCache } from './object-cache.ts'
import { makeObjectCache } from './object-cache.ts'
import type { PodSources } from './pod-sources.ts'
import type { TokenCache } from './token-cache.ts'
import { makeTokenCache } from './token-cache.ts'

export interface ClientSources extends PodSources {
  /** Its tokens; watches of ConfigMaps and Secrets end by themselves when nobody reads them. */
  forgetPod(uid: string): void
  stop(): void
}

export interface ClientSourcesOptions {
  readonly client: Client
  /** All services as an informer knows them. */
  readonly services: () => readonly KubeObject[]
  /** A ConfigMap or Secret that a pod has read changed: volumes that show it are to be brought up to date. */
  readonly onChange?: (kind: 'ConfigMap' | 'Secret', namespace: string, name: string) => void
  /** After this long without a reader an object is no longer watched. Default 5 minutes. */
  readonly keepMs?: number
}

/** What pods of this node refer to, through the API, each object watched while it is in use. */
export function makeClientSources(options: ClientSourcesOptions): ClientSources {
  const { client, services, keepMs = 300_000 } = options
  const cacheOf = (kind: 'ConfigMap' | 'Secret'): ObjectCache =>
    makeObjectCache({
      client,
      kind: { apiVersion: 'v1', kind },
      onChange: (namespace, name) => options.onChange?.(kind, namespace, name),
    })
  const configMaps = cacheOf('ConfigMap')
  const secrets = cacheOf('Secret')
  const tokens: TokenCache = makeTokenCache(client)
  const timer = setInterval(() => {
    configMaps.forgetUnread(keepMs)
    secrets.forgetUnread(keepMs)
  }, keepMs / 5)
  timer.unref()
  return {
    configMap: (namespace, name) => configMaps.get(namespace, name),
    secret: (namespace, name) => secrets.get(namespace, name),
    claim: (namespace, name) => find(client, 'PersistentVolumeClaim', { namespace, name }),
    volume: (name) => find(client, 'PersistentVolume', { name }),
    services,
    serviceAccountToken: (pod, wish) => tokens.token(pod, wish),
    forgetPod: (uid) => tokens.forgetPod(uid),
    stop() {
      clearInterval(timer)
      configMaps.stop()
      secrets.stop()
    },
  }
}

async function find(client: Client, kind: string, of: ObjectName): Promise<KubeObject | undefined> {
  try {
    return await client.get({ apiVersion: 'v1', kind }, of)
  } catch (error) {
    if (error instanceof StatusError && error.status.code === 404) return undefined
    throw error
  }
}
