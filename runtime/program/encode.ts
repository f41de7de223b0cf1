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

  // Plain stores into typed arrays: a call for each of some thousand fields is what a cold start would wait for.
  const bytes = new Uint8Array(total)
  const words = new Uint32Array(bytes.buffer, 0, total >>> 2)
  const id = BigInt.asUintN(64, options.id ?? 0n)
  words.set([
    MAGIC,
    VERSION | (ARCHITECTURE[architecture] << 16),
    total,
    options.trace === true ? HEADER_TRACE : 0,
    Number(id & 0xffffffffn),
    Number(id >> 32n),
    steps.length,
    cleanupStart,
    relocationOffset,
    relocations.length,
    dataOffset,
    data.length,
    whyOffset,
    whySize,
  ])
  for (let index = 0; index < steps.length; index++) {
    const step = steps[index]
    if (step) encodeStep(bytes, words, HEADER_SIZE + index * INSTRUCTION_SIZE, step, architecture)
  }
  words.set(relocations, relocationOffset >>> 2)
  bytes.set(data, dataOffset)
  if (whySize > 0) bytes.set(Buffer.from(why), whyOffset)
  return bytes
}

function reasonsOf(steps: readonly Step[]): string {
  return `${steps.map((step) => `${step.why} [${step.source}]`).join('\0')}\0`
}

function encodeStep(
  bytes: Uint8Array,
  words: Uint32Array,
  at: number,
  step: Step,
  architecture: Program['architecture'],
): void {
  const word = at >>> 2
  const { args, ignore } = step
  let kinds = 0
  for (let index = 0; index < args.length; index++) {
    const operand = args[index]
    const place = word + 4 + index * 2
    if (typeof operand === 'object') {
      kinds |= operand.kind << (index * 4)
      words[place] = operand.value
    } else if (operand !== undefined) storeNumber(words, place, operand)
  }
  if (ignore === 'any') kinds |= FLAG.IGNORE_ANY
  else
    for (let index = 0; index < ignore.length; index++)
      bytes[at + 8 + index] = errnoNumber(ignore[index] ?? '')
  if (step.jumpIfIgnored) kinds |= FLAG.JUMP_IF_IGNORED
  if (step.jumpIfOk) kinds |= FLAG.JUMP_IF_OK
  const number = step.op === 'SYS' ? numberOf(step.call, architecture) : 0
  words[word] = OP[step.op] | ((step.to?.value ?? NO_SLOT) << 8) | (number << 16)
  words[word + 1] = kinds
  const jump = step.jump?.index ?? 0
  bytes[at + 14] = jump & 0xff
  bytes[at + 15] = jump >> 8
}

/** A 64-bit two's complement number, low word first. */
function storeNumber(words: Uint32Array, place: number, value: number | bigint): void {
  if (typeof value === 'number') {
    words[place] = value >>> 0
    words[place + 1] = Math.floor(value / 2 ** 32) >>> 0
    return
  }
  words[place] = Number(BigInt.asUintN(32, value))
  words[place + 1] = Number(BigInt.asUintN(32, value >> 32n))
}

function numberOf(name: string, architecture: Program['architecture']): number {
  const number = findSyscallNumber(name, architecture)
  if (number !== undefined) return number
  throw new OperationError('INTERNAL', 'encode a system call', { name, architecture })
}

/** Errno number of a name, as Linux has it on both architectures. */
function errnoNumber(name: string): number {
  const number =
    name === 'ENOTSUP'
      ? 95
      : ((constants.errno as Record<string, number>)[name] ?? rareErrnos[name])
  if (number !== undefined) return number
  throw new OperationError('INTERNAL', 'encode an errno', { name })
}

// Linux numbers that node:os does not list.
const rareErrnos: Readonly<Record<string, number>> = {
  ENOTBLK: 15,
  ENOKEY: 126,
  EUCLEAN: 117,
  EBADFD: 77,
}

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
