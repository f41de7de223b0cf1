import type { ArgumentFormat, FlagTable } from './flags/formats.ts'
import {
  cloneFlags,
  mountAttributeFlags,
  openFlags,
  propagationFlags,
  resolveFlags,
} from './flags/formats.ts'
import { AT_FDCWD, O_ARCH } from './flags/values.ts'
import { OPERAND } from './operand.ts'
import type { Operand } from './operand.ts'
import type { Program } from './program.ts'

/** Longer texts are cut in listings. */
const MAX_TEXT = 200

/** One operand as strace would show it, in terms of the program's slots. */
export function formatOperand(program: Program, operand: Operand, format: ArgumentFormat): string {
  if (typeof operand === 'object') {
    if (operand.kind === OPERAND.data) return formatData(program, operand.value, format)
    const name = `$${operand.name}`
    if (operand.kind === OPERAND.slotAddress) return `&${name}`
    if (operand.kind === OPERAND.slotLow) return `${name}[0]`
    return operand.kind === OPERAND.slotHigh ? `${name}[1]` : name
  }
  if (typeof format === 'object') return formatFlags(BigInt(operand), format, program)
  if (format === 'folder' && Number(operand) === AT_FDCWD) return 'AT_FDCWD'
  if (format === 'octal') return operand === 0 ? '0' : `0${operand.toString(8)}`
  if (format === 'device')
    return `${(Number(operand) >> 8) & 0xfff}:${(Number(operand) & 0xff) | ((Number(operand) >> 12) & 0xfff00)}`
  if (isPointer(format) && Number(operand) === 0) return 'NULL'
  return operand.toString()
}

function isPointer(format: ArgumentFormat): boolean {
  return format === 'text' || format === 'pointer' || format === 'vector'
}

/** Bits by name, what has no name in hexadecimal. */
function formatFlags(value: bigint, table: FlagTable, program: Program): string {
  const names = table === openFlags ? { ...table.names, ...prefixOpen(program) } : table.names
  if (!table.isBits) {
    const name = Object.keys(names).find((key) => BigInt(names[key] ?? -1) === value)
    return name ?? (value > 9n ? `0x${value.toString(16)}` : value.toString())
  }
  if (value === 0n) return table === openFlags ? 'O_RDONLY' : '0'
  let rest = value
  const parts: string[] = []
  for (const [name, bit] of Object.entries(names)) {
    const mask = BigInt(bit)
    if (mask !== 0n && (rest & mask) === mask) {
      parts.push(name)
      rest &= ~mask
    }
  }
  if (rest !== 0n)
    parts.push(table === openFlags || rest < 8n ? `0x${rest.toString(16)}` : `0${rest.toString(8)}`)
  return parts.join('|')
}

function prefixOpen({ architecture }: Program): Record<string, number> {
  const { DIRECTORY, NOFOLLOW } = O_ARCH[architecture]
  return { O_DIRECTORY: DIRECTORY, O_NOFOLLOW: NOFOLLOW }
}

function formatData(program: Program, at: number, format: ArgumentFormat): string {
  const word = (index: number): bigint => readWord(program, at + index * 8)
  switch (format) {
    case 'text':
      return quote(readText(program.data, at))
    case 'vector':
      return `[${readVector(program, at).map(quote).join(', ')}]`
    case 'open_how': {
      const mode = word(1) === 0n ? '' : `, mode=0${word(1).toString(8)}`
      return `{${formatFlags(word(0), openFlags, program)}${mode}, ${formatFlags(word(2), resolveFlags, program)}}`
    }
    case 'clone_args':
      return `{${formatFlags(word(0), cloneFlags, program)}}`
    case 'mount_attr':
      return `{${formatMountAttributes(program, word(0), word(1), word(2))}}`
    default:
      return `&data[${at}]`
  }
}

function formatMountAttributes(
  program: Program,
  set: bigint,
  clear: bigint,
  propagation: bigint,
): string {
  const parts: string[] = []
  if (set !== 0n) parts.push(`set=${formatFlags(set, mountAttributeFlags, program)}`)
  if (clear !== 0n)
    parts.push(
      `clear=${formatFlags(clear, { ...mountAttributeFlags, names: { MOUNT_ATTR__ATIME: 0x70, ...mountAttributeFlags.names } }, program)}`,
    )
  if (propagation !== 0n) parts.push(formatFlags(propagation, propagationFlags, program))
  return parts.join(', ')
}

/** The NUL-terminated text at an offset of the data segment. */
export function readText(data: Uint8Array, at: number): string {
  const end = data.indexOf(0, at)
  return Buffer.from(data.subarray(at, end === -1 ? data.length : end)).toString()
}

/** The strings of a NULL-terminated vector in the data segment. */
export function readVector(program: Program, at: number): string[] {
  const texts: string[] = []
  const pointers = new Set(program.relocations)
  for (let entry = at; pointers.has(entry); entry += 8)
    texts.push(readText(program.data, Number(readWord(program, entry))))
  return texts
}

function readWord({ data }: Program, at: number): bigint {
  if (at + 8 > data.length) return 0n
  return new DataView(data.buffer, data.byteOffset, data.byteLength).getBigUint64(at, true)
}

function quote(text: string): string {
  return JSON.stringify(text.length > MAX_TEXT ? `${text.slice(0, MAX_TEXT)}…` : text)
}
