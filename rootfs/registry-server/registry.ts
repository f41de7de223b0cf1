import type { Database } from '../store/database.ts'
import type { ImageStore } from '../store/image-store.ts'
import type { UploadFiles } from './upload-files.ts'

/** What an operator decides about a registry. */
export interface RegistrySettings {
  /** Nothing can be pushed or deleted. */
  readonly readOnly: boolean
  readonly deleteEnabled: boolean
  /** Bytes of one repository, and of all together; undefined: no limit. */
  readonly repositoryQuota: number | undefined
  readonly totalQuota: number | undefined
  /** Uploads that one client address may begin in a minute; undefined: no limit. */
  readonly uploadsPerMinute: number | undefined
  /** Images of the local store can be pulled too. */
  readonly sharesLocalImages: boolean
  /** How long an upload may lie idle, in ms. */
  readonly uploadLifetimeMs: number
  /** How long a blob stays that no manifest of its repository refers to, in ms. */
  readonly blobGraceMs: number
  /** How long a manifest stays that nothing points at, in ms; undefined: for ever. */
  readonly untaggedLifetimeMs: number | undefined
}

/** A registry over one image store: everything but HTTP. */
export interface Registry {
  readonly store: ImageStore
  readonly database: Database
  readonly uploads: UploadFiles
  readonly settings: RegistrySettings
}
