import type { Kind } from '../api/kind.ts'
import type { KubeObject } from '../api/object.ts'
import type { ApiContext } from './api-context.ts'
import type { ApiRequest } from './http-message.ts'

export function trackManager(
  _context: ApiContext,
  _kind: Kind,
  object: KubeObject,
  current: KubeObject | undefined,
  _request: ApiRequest,
  _subresource?: string,
): void {
  if (current?.metadata.managedFields)
    object.metadata.managedFields = current.metadata.managedFields
}
