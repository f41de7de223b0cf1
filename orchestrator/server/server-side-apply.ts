import type { Kind } from '../api/kind.ts'
import type { KubeObject } from '../api/object.ts'
import { unsupportedMediaType } from '../api/status-error.ts'
import type { ApiContext } from './api-context.ts'
import type { ApiRequest } from './http-message.ts'
import type { ResourceRequest } from './request-info.ts'

export async function serverSideApply(
  _context: ApiContext,
  _kind: Kind,
  _target: ResourceRequest,
  _request: ApiRequest,
): Promise<{ object: KubeObject; created: boolean }> {
  throw unsupportedMediaType([])
}
