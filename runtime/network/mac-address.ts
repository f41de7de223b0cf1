import { OperationError } from '../../native/error.ts'

/**
 * Bytes of a hardware address that an interface can have. Pure.
 *
 * @throws {OperationError} `INVALID_ARGUMENT` for other text, and for group addresses
 */
export function parseMac(text: string): Uint8Array {
  const bytes = Uint8Array.from(text.split(/[:-]/), (part) => Number.parseInt(part, 16))
  const shaped = /^([0-9a-fA-F]{2}[:-]){5}[0-9a-fA-F]{2}$/.test(text)
  const forGroup = ((bytes[0] ?? 0) & 1) === 1
  if (shaped && !forGroup && bytes.some((byte) => byte !== 0)) return bytes
  throw new OperationError(
    'INVALID_ARGUMENT',
    'read a MAC address',
    { mac: text },
    { hint: 'Give six pairs such as 02:42:ac:11:00:02, the first pair an even number' },
  )
}
