import { posix } from 'node:path'
import { OperationError } from '../../native/error.ts'

/** Something of the host, and where it shall be in the image; absent: where it is on the host. */
export interface Placement {
  readonly source: string
  readonly place: string | undefined
}

/**
 * Read "path" or "path:/place". A path with a colon in it is meant as it stands unless "/" follows.
 *
 * @throws {OperationError} `INVALID_ARGUMENT` for an empty path, and for the root as the place
 */
export function readPlacement(text: string): Placement {
  const at = text.lastIndexOf(':/')
  if (at === -1 && text !== '') return { source: text, place: undefined }
  const source = text.slice(0, Math.max(at, 0))
  const place = posix.normalize(text.slice(at + 1)).replace(/\/$/u, '')
  if (source !== '' && place !== '') return { source, place }
  throw new OperationError(
    'INVALID_ARGUMENT',
    'read a path',
    { path: text },
    { hint: 'Give a path, or path:/place/in/the/image' },
  )
}
