import { OperationError } from '../../native/error.ts'
import type { RawManifest } from '../registry-client/manifests.ts'
import type { ContentDescriptor } from '../registry-client/image-document.ts'

/** @throws {OperationError} `INVALID_IMAGE` where a manifest has another size than its descriptor says */
export function requireSize({ content }: RawManifest, { digest, size }: ContentDescriptor): void {
  if (content.length === size) return
  throw new OperationError('INVALID_IMAGE', 'check the size of a manifest', {
    digest,
    declared: size,
    actual: content.length,
  })
}
