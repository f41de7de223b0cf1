import type { IncomingMessage } from 'node:http'
import type { Action, Client } from './exchange.ts'
import type { RegistryError } from './registry-error.ts'

/** What a request wanted and did not get. */
export interface WantedAccess {
  readonly repository: string
  readonly action: Action
}

/** Finds out who asks. */
export interface Authenticator {
  /** @throws {RegistryError} 401 where credentials came that are wrong; 403 where they never help */
  identify(request: IncomingMessage): Promise<Client> | Client
  /**
   * The refusal for a client that may not do something: 401 with what to log in with, or 403 where
   * logging in changes nothing.
   *
   * @param wanted undefined for what concerns no repository
   */
  refuse(request: IncomingMessage, client: Client, wanted: WantedAccess | undefined): RegistryError
  /** Whether `client` has proved enough for endpoints that concern no repository. */
  isKnown(client: Client): boolean
}
