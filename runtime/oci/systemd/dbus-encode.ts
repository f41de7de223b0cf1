import { OperationError } from '../../../native/error.ts'
import { type DbusValue, type DbusVariant, alignmentOf, splitSignature } from './dbus-value.ts'

/**
 * Values as the bytes of a message, little endian. The first byte counts as aligned to 8.
 *
 * @throws {OperationError} `INTERNAL` for a value that is not of its type
 * @see https://dbus.freedesktop.org/doc/dbus-specification.html#message-protocol-marshaling
 */
export function encodeDbus(signature: string, values: readonly DbusValue[]): Buffer {
  const out: number[] = []
  for (const [index, type] of splitSignature(signature).entries())
    encodeValue(out, type, values[index])
  return Buffer.from(out)
}

/** Zeros up to the next multiple of `alignment`. */
function pad(out: number[], alignment: number): void {
  while (out.length % alignment !== 0) out.push(0)
}

function encodeValue(out: number[], type: string, value: DbusValue | undefined): void {
  pad(out, alignmentOf(type))
  const inner = type.slice(1)
  switch (type[0]) {
    case 'y':
      return void out.push(numberOf(type, value) & 255)
    case 'b':
      return pushInteger(out, 4, value === true ? 1n : 0n)
    case 'n':
    case 'q':
      return pushInteger(out, 2, integerOf(type, value))
    case 'i':
    case 'u':
      return pushInteger(out, 4, integerOf(type, value))
    case 'x':
    case 't':
      return pushInteger(out, 8, integerOf(type, value))
    case 'd':
      return pushDouble(out, numberOf(type, value))
    case 's':
    case 'o':
      return pushText(out, type, value, 4)
    case 'g':
      return pushText(out, type, value, 1)
    case 'v':
      return pushVariant(out, value)
    case 'a':
      return pushArray(out, inner, listOf(type, value))
    case '(':
    case '{': {
      const list = listOf(type, value)
      for (const [index, member] of splitSignature(inner.slice(0, -1)).entries())
        encodeValue(out, member, list[index])
      return
    }
    default:
      return refuse(type, value)
  }
}

function pushInteger(out: number[], size: number, value: bigint): void {
  for (let index = 0; index < size; index++) out.push(Number((value >> BigInt(8 * index)) & 255n))
}

function pushDouble(out: number[], value: number): void {
  const bytes = Buffer.alloc(8)
  bytes.writeDoubleLE(value)
  out.push(...bytes)
}

function pushText(out: number[], type: string, value: DbusValue | undefined, size: number): void {
  if (typeof value !== 'string' || value.includes('\0')) return refuse(type, value)
  const bytes = Buffer.from(value)
  pushInteger(out, size, BigInt(bytes.length))
  out.push(...bytes, 0)
}

function pushVariant(out: number[], value: DbusValue | undefined): void {
  if (!isVariant(value)) return refuse('v', value)
  encodeValue(out, 'g', value.signature)
  encodeValue(out, value.signature, value.value)
}

// The length does not count what aligns the first element.
function pushArray(out: number[], type: string, list: readonly DbusValue[]): void {
  const lengthAt = out.length
  out.push(0, 0, 0, 0)
  pad(out, alignmentOf(type))
  const start = out.length
  for (const one of list) encodeValue(out, type, one)
  const length: number[] = []
  pushInteger(length, 4, BigInt(out.length - start))
  out.splice(lengthAt, 4, ...length)
}

function isVariant(value: DbusValue | undefined): value is DbusVariant {
  return typeof value === 'object' && 'signature' in value
}

function listOf(type: string, value: DbusValue | undefined): readonly DbusValue[] {
  if (value instanceof Uint8Array) return [...value]
  return Array.isArray(value) ? (value as readonly DbusValue[]) : refuse(type, value)
}

function integerOf(type: string, value: DbusValue | undefined): bigint {
  if (typeof value === 'bigint') return value
  return typeof value === 'number' && Number.isInteger(value) ? BigInt(value) : refuse(type, value)
}

function numberOf(type: string, value: DbusValue | undefined): number {
  return typeof value === 'number' ? value : refuse(type, value)
}

function refuse(type: string, value: unknown): never {
  throw new OperationError('INTERNAL', 'write a D-Bus value', { type, value: String(value) })
}
