import { OperationError } from '../../native/error.ts'

// The records that the shim sends, native/shim/program.h: 40 bytes each, little endian.

export const recordSize = 40

const typeNames = [
  undefined,
  'fail',
  'created',
  'pre-exec',
  'exec',
  'exit',
  'user',
  'oom',
  'trace',
  'died',
  'invalid',
  'output',
] as const

export type RecordType = NonNullable<(typeof typeNames)[number]>

export interface ShimRecord {
  readonly type: RecordType
  /** Index of the instruction it is about. */
  readonly pc: number
  readonly value: number
  readonly aux: bigint
  /** CLOCK_MONOTONIC in ns, the clock of process.hrtime. */
  readonly time: bigint
  /** Id of the program it is about. */
  readonly id: bigint
}

/** @throws {OperationError} `PROTOCOL` for a record type that this version does not know */
export function parseRecord(bytes: Buffer): ShimRecord {
  const number = bytes.readUInt32LE(0)
  const type = typeNames[number]
  if (type === undefined)
    throw new OperationError('PROTOCOL', 'read a record of the shim', { type: number })
  return {
    type,
    pc: bytes.readUInt32LE(4),
    value: Number(bytes.readBigInt64LE(8)),
    aux: bytes.readBigInt64LE(16),
    time: bytes.readBigUInt64LE(24),
    id: bytes.readBigUInt64LE(32),
  }
}
