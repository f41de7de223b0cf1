import type { Authenticator } from './authenticator.ts'
import type { Client } from './exchange.ts'
import { refusal } from './registry-error.ts'

const everybody: Client = { user: undefined, may: () => true, sees: () => true }

/** No authentication: everybody may do everything that the registry does at all. */
export function openAccess(): Authenticator {
  return {
    identify: () => everybody,
    refuse: () => refusal(403, 'DENIED', 'this is not allowed to anybody'),
    isKnown: () => true,
  }
}
