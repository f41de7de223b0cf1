import { OperationError } from '../../../native/error.ts'

/**
 * The driver of a volume: `local` is the one there is.
 *
 * @throws {OperationError} UNSUPPORTED for another
 */
export function parseVolumeDriver(text: string): 'local' {
  if (text === '' || text === 'local') return 'local'
  throw new OperationError(
    'UNSUPPORTED',
    'use a volume driver',
    { driver: text },
    { hint: 'Volumes are folders of this host: mount other storage there, and bind it' },
  )
}
