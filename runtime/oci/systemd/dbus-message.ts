import { OperationError } from '../../../native/error.ts'
import { decodeDbus } from './dbus-decode.ts'
import { encodeDbus } from './dbus-encode.ts'
import { type DbusValue, dbusText } from './dbus-value.ts'

/** Types of messages. */
export const dbusTypes = { call: 1, reply: 2, error: 3, signal: 4 } as const

export interface DbusCall {
  readonly destination: string
  readonly path: string
  readonly interface: string
  readonly member: string
  /** Of the arguments; empty: none. */
  readonly signature: string
  readonly values: readonly DbusValue[]
}

export interface DbusMessage {
  readonly type: number
  /** Serial number of the call that this answers; 0: of none. */
  readonly replyTo: number
  readonly member: string
  readonly errorName: string
  readonly values: readonly DbusValue[]
}

/** Numbers of header fields. */
const fields = {
  path: 1,
  interface: 2,
  member: 3,
  error: 4,
  replyTo: 5,
  destination: 6,
  signature: 8,
} as const

/** What comes before the array of fields: byte order, type, flags, version, length of the body, serial. */
const fixedLength = 12
/** As the specification bounds them, bytes. */
const maxLength = 1 << 27

/**
 * A method call as bytes.
 *
 * @param serial from 1 on, not used before on this connection
 * @see https://dbus.freedesktop.org/doc/dbus-specification.html#message-protocol-messages
 */
export function encodeCall(call: DbusCall, serial: number): Buffer {
  const body = encodeDbus(call.signature, call.values)
  const header: DbusValue[] = [
    [fields.path, { signature: 'o', value: call.path }],
    [fields.interface, { signature: 's', value: call.interface }],
    [fields.member, { signature: 's', value: call.member }],
    [fields.destination, { signature: 's', value: call.destination }],
  ]
  if (call.signature !== '')
    header.push([fields.signature, { signature: 'g', value: call.signature }])
  const littleEndian = 'l'.charCodeAt(0)
  const head = encodeDbus('yyyyuua(yv)', [
    littleEndian,
    dbusTypes.call,
    0,
    1,
    body.length,
    serial,
    header,
  ])
  return Buffer.concat([head, Buffer.alloc(padding(head.length)), body])
}

function padding(length: number): number {
  return (8 - (length % 8)) % 8
}

/**
 * The first message of what has been received.
 *
 * @returns the message with its length; undefined where more must come first
 * @throws {OperationError} `PROTOCOL`
 */
export function decodeMessage(
  bytes: Buffer,
): { readonly message: DbusMessage; readonly length: number } | undefined {
  if (bytes.length < fixedLength + 4) return undefined
  if (bytes[0] !== 'l'.charCodeAt(0))
    throw new OperationError('PROTOCOL', 'read a D-Bus message', { order: bytes[0] ?? 0 })
  const bodyLength = bytes.readUInt32LE(4)
  const fieldsLength = bytes.readUInt32LE(fixedLength)
  const headLength = fixedLength + 4 + fieldsLength
  const start = headLength + padding(headLength)
  const length = start + bodyLength
  if (length > maxLength) throw new OperationError('PROTOCOL', 'read a D-Bus message', { length })
  if (bytes.length < length) return undefined
  const head = decodeDbus('yyyyuua(yv)', bytes.subarray(0, headLength))
  const field = fieldReader(head[6])
  const signature = dbusText(field(fields.signature))
  const message = {
    type: Number(head[1]),
    replyTo: Number(field(fields.replyTo) ?? 0),
    member: dbusText(field(fields.member)),
    errorName: dbusText(field(fields.error)),
    values: decodeDbus(signature, bytes.subarray(start, length)),
  }
  return { message, length }
}

function fieldReader(list: DbusValue | undefined): (number: number) => DbusValue | undefined {
  const known = new Map<number, DbusValue>()
  for (const [number, variant] of (list ?? []) as readonly (readonly [number, DbusValue])[])
    if (typeof variant === 'object' && 'value' in variant) known.set(number, variant.value)
  return (number) => known.get(number)
}
