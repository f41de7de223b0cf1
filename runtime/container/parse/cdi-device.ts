import { invalidValue } from './invalid-value.ts'

/** Whether a `--device` is the full name of one that a specification describes. */
export function isCdiName(text: string): boolean {
  return /^[A-Za-z0-9][\w.-]*\/[A-Za-z0-9][\w-]*=[\w.:-]+$/.test(text)
}

/**
 * `--gpus all`, `--gpus 2`, `--gpus device=0,GPU-1` as full names of devices.
 *
 * @throws {OperationError} INVALID_ARGUMENT
 */
export function parseGpus(text: string): string[] {
  const plain = text.replaceAll('"', '')
  const list = /^device=([\w:-]+(?:,[\w:-]+)*)$/.exec(plain)?.[1]?.split(',')
  const count = /^(?:count=)?(\d{1,3})$/.exec(plain)?.[1]
  const names = /^(?:count=)?(?:all|-1)$/.test(plain)
    ? ['all']
    : (list ?? (count === undefined ? [] : Array.from({ length: Number(count) }, (_, at) => at)))
  if (names.length > 0) return names.map((name) => `nvidia.com/gpu=${name}`)
  throw invalidValue('gpus', text, 'Write all, a number, or device=ID[,ID]')
}
