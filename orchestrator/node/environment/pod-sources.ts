import type { KubeObject } from '../../api/object.ts'

// What a pod refers to: read when its containers start and again when its volumes are brought up to date.

export interface TokenWish {
  /** Empty: the API server's own. */
  readonly audience: string
  readonly expirationSeconds: number
}

export interface IssuedToken {
  readonly token: string
  /** Milliseconds since 1970. */
  readonly expiresAt: number
}

export interface PodSources {
  /** @returns undefined where there is none @throws StatusError when the server cannot be asked and nothing is cached */
  configMap(namespace: string, name: string): Promise<KubeObject | undefined>
  /** As {@link configMap}. */
  secret(namespace: string, name: string): Promise<KubeObject | undefined>
  /** A PersistentVolumeClaim. It is asked for where a pod begins with it, and not kept. */
  claim(namespace: string, name: string): Promise<KubeObject | undefined>
  /** A PersistentVolume, as {@link claim}. */
  volume(name: string): Promise<KubeObject | undefined>
  /** All services of the cluster, as far as they are known. */
  services(): readonly KubeObject[]
  /** A token of the pod's service account, bound to the pod. */
  serviceAccountToken(pod: KubeObject, wish: TokenWish): Promise<IssuedToken>
}

/** What the node knows of a pod beyond the object. */
export interface PodFacts {
  /** Of its sandbox, the first address first; empty before there is one. */
  readonly podIPs: readonly string[]
  readonly hostIPs: readonly string[]
  /** `status.allocatable` of the node: what a container without limits may use. */
  readonly allocatable: Readonly<Record<string, string>>
}
