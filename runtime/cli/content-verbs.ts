// What the commands need of the engine for content that outlives containers: images made of them,
// volumes, secrets, and how much room all of it takes.

import type { Container, PruneFilter, PruneResult } from './engine.ts'
import type { TextSink } from './command-io.ts'
import type { Secret, SecretWish } from '../secret/secret-store.ts'

export interface CommitOptions {
  /** Name for the image; absent: none. */
  readonly reference?: string | undefined
  readonly author?: string | undefined
  readonly message?: string | undefined
  /** Instructions as in a Dockerfile: `CMD …`, `ENV …`. */
  readonly changes: readonly string[]
  /** Hold a running container still meanwhile. */
  readonly pause: boolean
  readonly format: 'oci' | 'docker'
  /** Destinations of its volumes become volumes of the image. */
  readonly includeVolumes: boolean
  /** Told what could not be done as asked. */
  readonly warn: (text: string) => void
}

export interface VolumeSummary {
  readonly name: string
  readonly driver: string
  readonly mountpoint: string
  readonly created: string
  readonly anonymous: boolean
  readonly labels: Readonly<Record<string, string>>
  readonly options: Readonly<Record<string, string>>
}

/** All sizes are bytes of files. */
export interface DiskUsage {
  /** Of all images, each layer once. */
  readonly layerBytes: number
  readonly images: readonly ImageUsage[]
  /** With their sizes. */
  readonly containers: readonly Container[]
  readonly volumes: readonly {
    readonly volume: VolumeSummary
    readonly bytes: number
    /** How many have it. */
    readonly containers: number
  }[]
  readonly buildCache: { readonly entries: number; readonly bytes: number }
}

export interface ImageUsage {
  readonly id: string
  readonly references: readonly string[]
  /** Milliseconds since the epoch. */
  readonly created: number
  readonly bytes: number
  /** In layers that other images have, too. */
  readonly sharedBytes: number
  readonly layers: readonly { readonly id: string; readonly bytes: number }[]
  /** How many were made from it. */
  readonly containers: number
}

export interface PruneImagesOptions {
  /** Those with a name that no container uses, too. */
  readonly all: boolean
  /** What builds keep, too. */
  readonly buildCache: boolean
}

export interface ContentVerbs {
  /** All references of images that are here. */
  imageNames(): Promise<readonly string[]>
  diskUsage(): Promise<DiskUsage>
  /** Images without a name and without a container. */
  pruneImages(filter: PruneFilter, options: PruneImagesOptions): Promise<PruneResult>

  /** An image of what a container changed, on those that it began with. @returns its id */
  commit(container: string, options: CommitOptions): Promise<string>
  /** Its whole file system without volumes, as a tar. */
  exportContainer(container: string, output: TextSink): Promise<void>

  secretCreate(wish: SecretWish): Promise<Secret>
  secretList(): Promise<readonly Secret[]>
  /** By name, id, or the beginning of an id. */
  secretInspect(secret: string): Promise<Secret>
  secretData(secret: string): Promise<Uint8Array>
  secretRemove(secret: string): Promise<Secret>

  volumeCreate(
    name: string | undefined,
    options: {
      readonly labels: Readonly<Record<string, string>>
      readonly options: Readonly<Record<string, string>>
    },
  ): Promise<VolumeSummary>
  volumeList(): Promise<readonly VolumeSummary[]>
  volumeInspect(volume: string): Promise<VolumeSummary>
  volumeRemove(volume: string, options: { readonly force: boolean }): Promise<void>
  /** Anonymous ones alone unless `all`. */
  volumePrune(filter: PruneFilter, options: { readonly all: boolean }): Promise<PruneResult>
}
