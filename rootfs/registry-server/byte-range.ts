// Range reads. @see RFC 9110, section 14

export interface ByteRange {
  readonly start: number
  /** The last byte that is meant, not the one after it. */
  readonly end: number
}

/**
 * The one range of a `Range` header.
 *
 * @returns undefined where the whole content is to be sent: no header, another unit, several ranges
 *   (which a server may ignore) or nonsense; 'unsatisfiable' where nothing of it is in the content
 */
export function readRange(
  header: string | undefined,
  size: number,
): ByteRange | 'unsatisfiable' | undefined {
  const match = /^bytes=(\d{0,16})-(\d{0,16})$/i.exec(header?.replaceAll(' ', '') ?? '')
  if (!match) return undefined
  const [, first = '', last = ''] = match
  if (first === '') return last === '' ? undefined : suffix(Number(last), size)
  const start = Number(first)
  if (start >= size || (last !== '' && Number(last) < start)) return 'unsatisfiable'
  return { start, end: last === '' ? size - 1 : Math.min(Number(last), size - 1) }
}

function suffix(length: number, size: number): ByteRange | 'unsatisfiable' {
  if (length === 0 || size === 0) return 'unsatisfiable'
  return { start: Math.max(0, size - length), end: size - 1 }
}

/**
 * The range that a chunk of an upload says it is.
 *
 * @returns undefined where there is no header; 'malformed' where it is not `<first>-<last>`
 */
export function readContentRange(header: string | undefined): ByteRange | 'malformed' | undefined {
  if (header === undefined) return undefined
  // Some clients write it as RFC 9110 has it for answers.
  const match = /^(?:bytes[ =])?(\d{1,16})-(\d{1,16})(?:\/(?:\d+|\*))?$/.exec(header.trim())
  if (!match) return 'malformed'
  const [start, end] = [Number(match[1]), Number(match[2])]
  return end < start ? 'malformed' : { start, end }
}
