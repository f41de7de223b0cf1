import type { Credential } from '../credentials/credential.ts'
import type { Environment } from '../credentials/auth-files.ts'
import { findCredential } from '../credentials/find-credential.ts'
import type { ImageReference } from '../reference.ts'
import { readCertificates } from './certificates.ts'
import { type Endpoint, ownEndpoint, pullEndpoints } from './endpoints.ts'
import { isLoopback } from './http-transport.ts'
import { readSettings } from './read-settings.ts'
import { type RegistryClient, createRegistryClient } from './registry-client.ts'
import type { RegistrySettings } from './registry-settings.ts'
import type { Repository } from './repository.ts'
import type { RetryPolicy } from './retry.ts'

export interface RegistryAccessOptions {
  /** `--authfile`. */
  readonly authFile?: string | undefined
  /** `--creds`: used in place of stored ones. */
  readonly credential?: Credential | undefined
  /** `--tls-verify`; absent: as the settings say, and not on this machine. */
  readonly tlsVerify?: boolean | undefined
  /** `--cert-dir`. */
  readonly certDir?: string | undefined
  readonly environment: Environment
  readonly retry?: RetryPolicy | undefined
  readonly stallMs?: number | undefined
  /** Told of pauses, repeated attempts and mirrors that failed. */
  readonly onNote: (note: string) => void
}

/** All registries of one command. Connections and tokens are shared. */
export interface RegistryAccess {
  settings(): Promise<RegistrySettings>
  /** Mirrors, then the registry itself. */
  pullFrom(reference: ImageReference): Promise<Repository[]>
  pushTo(reference: ImageReference): Promise<Repository>
  close(): void
}

export function openRegistryAccess(options: RegistryAccessOptions): RegistryAccess {
  const clients = new Map<string, RegistryClient>()
  let read: Promise<RegistrySettings> | undefined
  const settings = (): Promise<RegistrySettings> => (read ??= readSettings(options.environment))
  const at = (endpoint: Endpoint): Repository => {
    const key = JSON.stringify(endpoint)
    const known = clients.get(key)
    const client = known ?? makeClient(endpoint, options)
    clients.set(key, client)
    return { client, name: endpoint.repository }
  }
  return {
    settings,
    pullFrom: async (reference) => pullEndpoints(await settings(), reference).map(at),
    pushTo: async (reference) => at(ownEndpoint(await settings(), reference)),
    close: () => {
      for (const client of clients.values()) client.close()
    },
  }
}

function makeClient(endpoint: Endpoint, options: RegistryAccessOptions): RegistryClient {
  const { host, credentialName, repository } = endpoint
  const isInsecure = mayBeInsecure(endpoint, options.tlsVerify)
  return createRegistryClient({
    host,
    isInsecure,
    tls: () => ({ ...readCertificates(host, options), verify: !isInsecure }),
    credential: async () =>
      options.credential ?? findCredential(credentialName, repository, options),
    retry: options.retry,
    stallMs: options.stallMs,
    onNote: options.onNote,
  })
}

function mayBeInsecure({ host, isInsecure }: Endpoint, tlsVerify: boolean | undefined): boolean {
  if (tlsVerify !== undefined) return !tlsVerify
  return isInsecure || isLoopback(new URL(`http://${host}`).hostname)
}
