import { constants } from 'node:os'
import { OperationError } from '../../native/error.ts'
import { findSyscallNumber } from '../../native/syscall-numbers/number.ts'
import {
  ARCHITECTURE,
  FLAG,
  HEADER_SIZE,
  HEADER_TRACE,
  INSTRUCTION_SIZE,
  MAGIC,
  MAX_PROGRAM_SIZE,
  NO_SLOT,
  OP,
  VERSION,
} from './format.ts'
import type { Program, Step } from './program.ts'

export interface EncodeOptions {
  /** Echoed in every record, 64 bits. Default 0. */
  readonly id?: bigint
  /** Carry every step's reason along, for a shim that reports alone. Default true. */
  readonly reasons?: boolean
  /** Ask for a TRACE record for each step (`--timings`). Default false. */
  readonly trace?: boolean
}

/**
 * The bytes of native/shim/program.h.
 *
 * @throws {OperationError} `INTERNAL` for a call that the architecture does not have,
 *   `UNSUPPORTED` for a program above 4 MiB
 */
export function encodeProgram(program: Program, options: EncodeOptions = {}): Uint8Array {
  const { steps, relocations, data, cleanupStart, architecture } = program
  const why = options.reasons === false ? '' : reasonsOf(steps)
  const relocationOffset = HEADER_SIZE + steps.length * INSTRUCTION_SIZE
  const dataOffset = (relocationOffset + relocations.length * 4 + 15) & ~15
  const whyOffset = dataOffset + data.length
  const whySize = Buffer.byteLength(why)
  const total = whyOffset + whySize
  if (total > MAX_PROGRAM_SIZE) refuseSize(total)

  const out = Buffer.alloc(total)
  const header = [
    MAGIC,
    VERSION | (ARCHITECTURE[architecture] << 16),
    total,
    options.trace === true ? HEADER_TRACE : 0,
  ]
  for (const [index, value] of header.entries()) out.writeUInt32LE(value, index * 4)
  out.writeBigUInt64LE(BigInt.asUintN(64, options.id ?? 0n), 16)
  const places = [
    steps.length,
    cleanupStart,
    relocationOffset,
    relocations.length,
    dataOffset,
    data.length,
    whyOffset,
    whySize,
  ]
  for (const [index, value] of places.entries()) out.writeUInt32LE(value, 24 + index * 4)
  for (const [index, step] of steps.entries())
    encodeStep(out, HEADER_SIZE + index * INSTRUCTION_SIZE, step, program)
  for (const [index, offset] of relocations.entries())
    out.writeUInt32LE(offset, relocationOffset + index * 4)
  out.set(data, dataOffset)
  out.write(why, whyOffset)
  return out
}

function reasonsOf(steps: readonly Step[]): string {
  return `${steps.map((step) => `${step.why} [${step.source}]`).join('\0')}\0`
}

function encodeStep(out: Buffer, at: number, step: Step, { architecture }: Program): void {
  let kinds = 0
  for (const [index, operand] of step.args.entries()) {
    if (typeof operand === 'bigint')
      out.writeBigUInt64LE(BigInt.asUintN(64, operand), at + 16 + index * 8)
    else if (typeof operand === 'number') writeNumber(out, at + 16 + index * 8, operand)
    else {
      kinds |= operand.kind << (index * 4)
      out.writeUInt32LE(operand.value, at + 16 + index * 8)
    }
  }
  if (step.ignore === 'any') kinds |= FLAG.IGNORE_ANY
  else for (const [index, name] of step.ignore.entries()) out[at + 8 + index] = errnoNumber(name)
  if (step.jumpIfIgnored) kinds |= FLAG.JUMP_IF_IGNORED
  if (step.jumpIfOk) kinds |= FLAG.JUMP_IF_OK
  out[at] = OP[step.op]
  out[at + 1] = step.to?.value ?? NO_SLOT
  if (step.op === 'SYS') out.writeUInt16LE(numberOf(step.call, architecture), at + 2)
  out.writeInt32LE(kinds, at + 4)
  out.writeUInt16LE(step.jump?.index ?? 0, at + 14)
}

function writeNumber(out: Buffer, at: number, value: number): void {
  if (value >= 0 && value <= 0xffffffff) out.writeUInt32LE(value, at)
  else out.writeBigInt64LE(BigInt(value), at)
}

function numberOf(name: string, architecture: Program['architecture']): number {
  const number = findSyscallNumber(name, architecture)
  if (number !== undefined) return number
  throw new OperationError('INTERNAL', 'encode a system call', { name, architecture })
}

/** Errno number of a name, as Linux has it on both architectures. */
export function errnoNumber(name: string): number {
  const number =
    name === 'ENOTSUP'
      ? 95
      : ((constants.errno as Record<string, number>)[name] ?? rareErrnos[name])
  if (number !== undefined) return number
  throw new OperationError('INTERNAL', 'encode an errno', { name })
}

// Linux numbers that node:os does not list.
const rareErrnos: Readonly<Record<string, number>> = { ENOTBLK: 15, ENOKEY: 126, EUCLEAN: 117 }

function refuseSize(bytes: number): never {
  throw new OperationError(
    'UNSUPPORTED',
    'encode the program',
    { bytes, limit: MAX_PROGRAM_SIZE },
    {
      hint: 'Shorten the environment, the arguments or the list of mounts',
    },
  )
}
