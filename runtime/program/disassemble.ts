import { OperationError } from '../../native/error.ts'
import { argumentFormats } from './flags/formats.ts'
import { errnoName } from '../../native/errno.ts'
import { syscallTable } from '../../native/syscall-numbers/number.ts'
import type { Architecture } from '../../native/syscall-numbers/number.ts'
import {
  ARCHITECTURE,
  FLAG,
  HEADER_SIZE,
  INSTRUCTION_SIZE,
  MAGIC,
  NO_SLOT,
  OP,
  VERSION,
} from './format.ts'
import type { OpName } from './format.ts'
import { OPERAND } from './operand.ts'
import type { Operand, OperandKind, Slot } from './operand.ts'
import type { Label, Program, Step } from './program.ts'

const opNames = Object.fromEntries(
  Object.entries(OP).map(([name, number]) => [number, name as OpName]),
)
const operandCounts: Readonly<Record<OpName, number>> = {
  SYS: 6,
  MOVE: 1,
  JUMP: 0,
  JUMP_ZERO: 1,
  JUMP_NONZERO: 1,
  STORE: 3,
  LOAD: 2,
  FORMAT: 4,
  CHECK: 1,
  ASSERT: 3,
  REPORT: 1,
  GUARD: 2,
  RECORD: 2,
  FAIL: 1,
  MONITOR: 1,
  REMOVE_TREE: 2,
  END: 0,
  JUMP_EQUAL: 2,
  TELL_END: 0,
}

/**
 * Read an encoded program back. Slots have no names in it, so they are called s0, s1, …; the phase is
 * known for the cleanup section only.
 *
 * @throws {OperationError} `PROTOCOL` for bytes that are no program of this version
 */
export function disassemble(bytes: Uint8Array): Program {
  const view = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  if (
    view.length < HEADER_SIZE ||
    view.readUInt32LE(0) !== MAGIC ||
    view.readUInt16LE(4) !== VERSION
  )
    throw new OperationError('PROTOCOL', 'read a program', { bytes: view.length })
  const architecture: Architecture =
    view.readUInt16LE(6) === ARCHITECTURE.aarch64 ? 'aarch64' : 'x86_64'
  const at = (index: number): number => view.readUInt32LE(24 + index * 4)
  const [
    count,
    cleanupStart,
    relocationOffset,
    relocationCount,
    dataOffset,
    dataSize,
    whyOffset,
    whySize,
  ] = [0, 1, 2, 3, 4, 5, 6, 7].map(at) as [
    number,
    number,
    number,
    number,
    number,
    number,
    number,
    number,
  ]
  const reasons = view.toString('utf8', whyOffset, whyOffset + whySize).split('\0')
  const calls = Object.fromEntries(
    Object.entries(syscallTable(architecture)).map(([name, number]) => [number, name]),
  )
  const steps = Array.from({ length: count }, (_, index) =>
    readStep(view.subarray(HEADER_SIZE + index * INSTRUCTION_SIZE), {
      calls,
      reason: reasons[index] ?? '',
      isCleanup: index >= cleanupStart,
    }),
  )
  return {
    architecture,
    steps,
    cleanupStart,
    data: bytes.slice(dataOffset, dataOffset + dataSize),
    relocations: Array.from({ length: relocationCount }, (_, index) =>
      view.readUInt32LE(relocationOffset + index * 4),
    ),
  }
}

interface StepContext {
  readonly calls: Readonly<Record<number, string>>
  readonly reason: string
  readonly isCleanup: boolean
}

function readStep(bytes: Buffer, { calls, reason, isCleanup }: StepContext): Step {
  const op = opNames[bytes[0] ?? 0]
  if (op === undefined)
    throw new OperationError('PROTOCOL', 'read an instruction', { op: bytes[0] ?? 0 })
  const kinds = bytes.readInt32LE(4)
  const jump = bytes.readUInt16LE(14)
  const call = op === 'SYS' ? (calls[bytes.readUInt16LE(2)] ?? String(bytes.readUInt16LE(2))) : ''
  const count = op === 'SYS' ? argumentFormats(call).length : operandCounts[op]
  const args = Array.from({ length: count }, (_, index) => readOperand(bytes, kinds, index))
  const label: Label | undefined = jump === 0 ? undefined : { name: String(jump), index: jump }
  const [, why = reason, source = ''] = /^(.*) \[(.*)\]$/s.exec(reason) ?? []
  return {
    op,
    call,
    to: bytes[1] === NO_SLOT ? undefined : slot(bytes[1] ?? 0),
    args,
    ignore:
      (kinds & FLAG.IGNORE_ANY) === 0
        ? [...bytes.subarray(8, 14)].filter((errno) => errno !== 0).map(errnoName)
        : 'any',
    jump: label,
    jumpIfOk: (kinds & FLAG.JUMP_IF_OK) !== 0,
    jumpIfIgnored: (kinds & FLAG.JUMP_IF_IGNORED) !== 0,
    why,
    source,
    phase: isCleanup ? 'cleanup' : 'outer',
  }
}

function slot(value: number): Slot {
  return { kind: OPERAND.slot, value, name: `s${value}` }
}

function readOperand(bytes: Buffer, kinds: number, index: number): Operand {
  const kind = ((kinds >> (index * 4)) & 15) as OperandKind
  const value = bytes.readBigInt64LE(16 + index * 8)
  if (kind === OPERAND.immediate) return Number.isSafeInteger(Number(value)) ? Number(value) : value
  if (kind === OPERAND.data) return { kind, value: Number(value) }
  return { ...slot(Number(value)), kind }
}
