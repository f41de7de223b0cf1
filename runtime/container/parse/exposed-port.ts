import { invalidValue } from './invalid-value.ts'

/**
 * Read `--expose`: `PORT[-PORT][/PROTOCOL]`.
 * @returns one `PORT/PROTOCOL` for each port
 * @throws {OperationError} INVALID_ARGUMENT
 */
export function parseExposedPorts(text: string): string[] {
  const match = /^(\d{1,5})(?:-(\d{1,5}))?(?:\/(tcp|udp|sctp))?$/i.exec(text)
  const [, first = '0', last = first, protocol = 'tcp'] = match ?? []
  const [from, to] = [Number(first), Number(last)]
  if (!match || from < 1 || to > 65_535 || from > to)
    throw invalidValue('exposed port', text, 'Write PORT[-PORT][/tcp|udp|sctp]')
  const count = to - from + 1
  return Array.from({ length: count }, (_, index) => `${from + index}/${protocol.toLowerCase()}`)
}
