import type { Service, Texts } from './service.ts'

export interface ProjectNetwork {
  /** As the engine knows it: `PROJECT_KEY` unless the file says otherwise. */
  readonly name: string
  /** Made by somebody else; it must be there. */
  readonly external: boolean
  readonly driver?: string
  readonly driverOptions: Texts
  readonly internal: boolean
  readonly ipv4: boolean
  readonly ipv6: boolean
  readonly subnets: readonly string[]
  readonly gateways: readonly string[]
  readonly ipRanges: readonly string[]
  /** Of all subnets. */
  readonly reserved: Texts
  readonly labels: Texts
}

export interface ProjectVolume {
  readonly name: string
  readonly external: boolean
  readonly driver?: string
  readonly driverOptions: Texts
  readonly labels: Texts
}

/** Where the content of a secret or a config comes from. */
export type ContentSource =
  | { readonly kind: 'file'; readonly path: string }
  | { readonly kind: 'text'; readonly text: string }
  /** Of a variable that nobody has set: an error when a container is to have it. */
  | { readonly kind: 'unset'; readonly variable: string }

/** What the Compose files say, all of them merged, for the profiles that are wanted. */
export interface Project {
  readonly name: string
  /** What relative paths are relative to. */
  readonly folder: string
  readonly files: readonly string[]
  readonly services: Readonly<Record<string, Service>>
  /** Those whose profiles are not wanted. */
  readonly disabled: Readonly<Record<string, Service>>
  readonly networks: Readonly<Record<string, ProjectNetwork>>
  readonly volumes: Readonly<Record<string, ProjectVolume>>
  readonly secrets: Readonly<Record<string, ContentSource>>
  readonly configs: Readonly<Record<string, ContentSource>>
  /** What variables were filled in from: the caller's environment over the .env file's. */
  readonly environment: Readonly<Record<string, string | undefined>>
}
