import { invalidValue } from './invalid-value.ts'

const units = 'kmgtpe'

/**
 * Read a size as docker does: `50m`, `1.5g`, `1024`, `64 KiB`; units are powers of 1024.
 * @returns bytes, rounded down
 * @throws {OperationError} INVALID_ARGUMENT
 */
export function parseSize(text: string): number {
  const match = /^(\d{1,18}(?:\.\d{1,18})?) ?(?:([kmgtpe])(?:i?b)?|b)?$/i.exec(text)
  const exponent = units.indexOf((match?.[2] ?? '').toLowerCase() || '-') + 1
  const bytes = Math.floor(Number(match?.[1]) * 1024 ** exponent)
  if (match && Number.isSafeInteger(bytes)) return bytes
  throw invalidValue('size', text, 'Write a number with a unit b, k, m or g, such as 50m or 1.5g')
}

/** As {@link parseSize}; `-1` stays -1, which means no limit. */
export function parseSizeOrUnlimited(text: string): number {
  return text === '-1' ? -1 : parseSize(text)
}
