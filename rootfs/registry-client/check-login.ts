import { OperationError } from '../../native/error.ts'
import { discardBody } from './read-body.ts'
import type { RegistryClient } from './registry-client.ts'
import { unexpectedAnswer } from './registry-error.ts'

/**
 * Ask a registry whether it takes the credential of the client.
 *
 * @throws {OperationError} `ACCESS_DENIED` where it does not; `PROTOCOL` where it is no registry
 */
export async function checkLogin(client: RegistryClient): Promise<void> {
  const response = await client.send({ method: 'GET', target: '/v2/', scopes: [] })
  if (response.status === 200) return discardBody(response)
  if (response.status === 401 || response.status === 403) {
    await discardBody(response)
    throw new OperationError(
      'ACCESS_DENIED',
      'log in',
      { registry: client.host },
      { hint: 'The registry does not take that user name and password' },
    )
  }
  throw await unexpectedAnswer(response, 'log in', { registry: client.host })
}
