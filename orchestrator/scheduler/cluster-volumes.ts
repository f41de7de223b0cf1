import type { KubeObject } from '../api/object.ts'

/** Claims, volumes and classes as the scheduler knows them, with what it has promised and the API does not say yet. */
export interface ClusterVolumes {
  claim(key: string): KubeObject | undefined
  volume(name: string): KubeObject | undefined
  volumes(): readonly KubeObject[]
  storageClass(name: string): KubeObject | undefined
  /** The node that a claim's volume is to be made for: asked for in the API, or promised. */
  nodeOf(claimKey: string): string | undefined
  /** The claim that a volume was promised to. */
  promisedTo(volume: string): string | undefined
  /** @returns how to take it back */
  promise(claimKey: string, to: { readonly volume: string } | { readonly node: string }): () => void
}

export const noVolumes: ClusterVolumes = {
  claim: () => undefined,
  volume: () => undefined,
  volumes: () => [],
  storageClass: () => undefined,
  nodeOf: () => undefined,
  promisedTo: () => undefined,
  promise: () => () => undefined,
}
