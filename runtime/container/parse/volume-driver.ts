import { OperationError } from '../../../native/error.ts'

/**
 * The driver of a volume. `local` is the one there is; `tmpfs` is another word for its option `type=tmpfs`.
 *
 * @throws {OperationError} UNSUPPORTED for another
 */
export function parseVolumeDriver(text: string): 'local' | 'tmpfs' {
  if (text === '' || text === 'local') return 'local'
  if (text === 'tmpfs') return 'tmpfs'
  throw new OperationError(
    'UNSUPPORTED',
    'use a volume driver',
    { driver: text },
    {
      hint: 'The driver local mounts what mount(8) can: -o type=nfs -o o=addr=HOST -o device=:/PATH; for the rest mount it on the host, and bind it',
    },
  )
}

/** Options of a volume of this driver. */
export function volumeOptionsOf(
  driver: string,
  options: Readonly<Record<string, string>>,
): Readonly<Record<string, string>> {
  return parseVolumeDriver(driver) === 'tmpfs' ? { type: 'tmpfs', ...options } : options
}
