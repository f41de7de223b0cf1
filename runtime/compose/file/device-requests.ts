import { invalidField, toText, toWords } from './spelling.ts'
import type { WrittenService } from './service-schema.ts'

type WrittenRequests = NonNullable<WrittenService['gpus']>

export interface DeviceRequests {
  /** Values of `--gpus`. */
  readonly gpus: readonly string[]
  /** Names of devices that their vendors describe (CDI), as `--device` takes them. */
  readonly names: readonly string[]
}

/**
 * Devices that are asked for by what they can, not by their paths.
 *
 * @throws {OperationError} `INVALID_ARGUMENT` for a driver that nobody here is
 */
export function deviceRequests(written: WrittenRequests | undefined, at: string): DeviceRequests {
  if (written === undefined) return { gpus: [], names: [] }
  if (written === 'all') return { gpus: ['all'], names: [] }
  const gpus: string[] = []
  const names: string[] = []
  for (const [index, { driver, count, device_ids, capabilities }] of written.entries()) {
    const ids = toWords(device_ids) ?? []
    if (driver === 'cdi') names.push(...ids)
    else if (isGpu(driver, capabilities))
      gpus.push(ids.length > 0 ? `device=${ids.join(',')}` : (toText(count) ?? 'all'))
    else
      throw invalidField(
        `${at}[${index}]`,
        'there is no driver for these devices: nvidia and cdi are known',
        driver ?? (capabilities ?? []).join(', '),
      )
  }
  return { gpus, names }
}

function isGpu(driver: string | undefined, capabilities: readonly unknown[] = ['gpu']): boolean {
  if (driver !== undefined) return driver === 'nvidia'
  return capabilities.includes('gpu') || capabilities.includes('nvidia')
}
