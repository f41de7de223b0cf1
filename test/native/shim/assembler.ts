/**
 * A tiny assembler of shim programs, written from native/shim/program.h alone: independent of the
 * compiler in runtime/program, so that each checks the other.
 */
const ops = {
  sys: 1,
  move: 2,
  jump: 3,
  jumpZero: 4,
  jumpNonzero: 5,
  store: 6,
  load: 7,
  format: 8,
  check: 9,
  assert: 10,
  report: 11,
  guard: 12,
  record: 13,
  fail: 14,
  monitor: 15,
  removeTree: 16,
  end: 17,
  jumpEqual: 18,
  tellEnd: 19,
} as const

export type Op = keyof typeof ops

/** One operand: a number is an immediate. */
export type Operand = number | bigint | { readonly kind: number; readonly value: number }

export const slot = (value: number): Operand => ({ kind: 1, value })
export const data = (value: number): Operand => ({ kind: 2, value })
export const slotAddress = (value: number): Operand => ({ kind: 3, value })
export const low = (value: number): Operand => ({ kind: 4, value })
export const high = (value: number): Operand => ({ kind: 5, value })

export const ignoreAny = 1 << 24
export const jumpIfIgnored = 1 << 25
export const jumpIfOk = 1 << 26

/** What an instruction may have beside its operands. `jump` names a label. */
export interface Extra {
  readonly dst?: number
  readonly nr?: number
  readonly ignore?: readonly number[]
  readonly flags?: number
  readonly jump?: string | number
  readonly why?: string
}

interface Instruction extends Extra {
  readonly op: number
  readonly operands: readonly Operand[]
}

export interface MonitorFields {
  readonly flags?: number
  readonly child: number
  readonly pidfd?: number
  readonly sync?: number
  readonly stateDir?: number
  readonly stdin?: number
  readonly stdout?: number
  readonly stderr?: number
  readonly terminal?: number
  readonly logDir?: number
  readonly oom?: number
  readonly logName?: number
  readonly logFormat?: number
  readonly logSize?: number
  readonly logFiles?: number
  readonly holdMs?: number
  readonly exitArgv?: number
  readonly exitEnvp?: number
  readonly exitDelayMs?: number
  readonly tickMs?: number
  readonly tickArgv?: number
  readonly tickFirstMs?: number
  readonly timeoutMs?: number
  readonly eventPath?: number
  readonly eventEnded?: number
  readonly eventCleaned?: number
}

/** A program under construction. Offsets that its functions give are data offsets. */
export interface Assembler {
  label(name: string): void
  emit(op: Op | number, operands: readonly Operand[], extra?: Extra): void
  sys(nr: number, operands: readonly Operand[], extra?: Extra): void
  cleanup(): void
  string(text: string): number
  bytes(content: Uint8Array): number
  space(size: number): number
  vector(strings: readonly string[]): number
  monitor(fields: MonitorFields): number
  build(options?: {
    readonly id?: bigint
    readonly trace?: boolean
    readonly why?: boolean
  }): Buffer
}

function encodeInstruction(instruction: Instruction, target: number): Buffer {
  const out = Buffer.alloc(64)
  let kinds = instruction.flags ?? 0
  instruction.operands.forEach((operand, index) => {
    const value = typeof operand === 'object' ? operand.value : operand
    if (typeof operand === 'object') kinds |= operand.kind << (4 * index)
    out.writeBigInt64LE(BigInt(value), 16 + 8 * index)
  })
  out.writeUInt8(instruction.op, 0)
  out.writeUInt8(instruction.dst ?? 0xff, 1)
  out.writeUInt16LE(instruction.nr ?? 0, 2)
  out.writeUInt32LE(kinds >>> 0, 4)
  ;(instruction.ignore ?? []).forEach((errno, index) => out.writeUInt8(errno, 8 + index))
  out.writeUInt16LE(target, 14)
  return out
}

function encodeMonitor(fields: MonitorFields): Buffer {
  const out = Buffer.alloc(128)
  const { child, pidfd, sync, stateDir, stdin, stdout, stderr, terminal, logDir, oom } = fields
  out.writeUInt32LE(128, 0)
  out.writeUInt32LE(fields.flags ?? 0, 4)
  const slots = [child, pidfd, sync, stateDir, stdin, stdout, stderr, terminal, logDir, oom]
  slots.forEach((index, position) => out.writeUInt8(index ?? 0xff, 8 + position))
  out.writeUInt32LE(fields.logName ?? 0xffffffff, 24)
  out.writeUInt32LE(fields.logFormat ?? 0, 28)
  out.writeBigUInt64LE(BigInt(fields.logSize ?? 0), 32)
  const { logFiles, holdMs, exitArgv, exitEnvp, exitDelayMs, tickMs, tickArgv } = fields
  const none = 0xffffffff
  const words = [logFiles ?? 1, holdMs ?? 0, exitArgv ?? none, exitEnvp ?? none, exitDelayMs ?? 0]
  words.push(tickMs ?? 0, tickArgv ?? none, fields.tickFirstMs ?? 0, fields.timeoutMs ?? 0)
  words.push(fields.eventPath ?? 0, fields.eventEnded ?? 0, fields.eventCleaned ?? 0)
  words.forEach((word, position) => out.writeUInt32LE(word, 40 + 4 * position))
  return out
}

function encodeHeader(fields: Readonly<Record<string, number>>, id: bigint): Buffer {
  const out = Buffer.alloc(64)
  out.writeUInt32LE(0x3150434d, 0)
  out.writeUInt16LE(1, 4)
  out.writeUInt16LE(process.arch === 'arm64' ? 2 : 1, 6)
  out.writeBigUInt64LE(id, 16)
  const at = { total: 8, flags: 12, count: 24, cleanup: 28, relocationAt: 32, relocations: 36 }
  const rest = { dataAt: 40, dataSize: 44, whyAt: 48, whySize: 52 }
  for (const [name, offset] of Object.entries({ ...at, ...rest }))
    out.writeUInt32LE(fields[name] ?? 0, offset)
  return out
}

const roundUp = (value: number, to: number): number => Math.ceil(value / to) * to

export function newAssembler(): Assembler {
  const code: Instruction[] = []
  const labels = new Map<string, number>()
  const relocations: number[] = []
  let segment = Buffer.alloc(0)
  let cleanupStart = -1

  function bytes(content: Uint8Array): number {
    const at = roundUp(segment.length, 8)
    segment = Buffer.concat([segment, Buffer.alloc(at - segment.length), content])
    return at
  }
  const string = (text: string): number => bytes(Buffer.from(`${text}\0`))
  function emit(op: Op | number, operands: readonly Operand[], extra: Extra = {}): void {
    code.push({ ...extra, op: typeof op === 'number' ? op : ops[op], operands })
  }
  function vector(strings: readonly string[]): number {
    const offsets = strings.map(string)
    const content = Buffer.alloc(8 * (strings.length + 1))
    offsets.forEach((offset, index) => content.writeBigUInt64LE(BigInt(offset), 8 * index))
    const at = bytes(content)
    offsets.forEach((_, index) => relocations.push(at + 8 * index))
    return at
  }
  function targetOf({ jump }: Instruction): number {
    if (typeof jump === 'number') return jump
    return jump === undefined ? 0 : (labels.get(jump) ?? 0)
  }
  function build({ id = 7n, trace = false, why: hasWhy = true } = {}): Buffer {
    const why = Buffer.from(hasWhy ? code.map((each) => `${each.why ?? ''}\0`).join('') : '')
    const relocationAt = 64 + 64 * code.length
    const dataAt = roundUp(relocationAt + 4 * relocations.length, 16)
    const whyAt = dataAt + segment.length
    const total = whyAt + why.length
    const out = Buffer.alloc(total)
    const counts = { count: code.length, cleanup: cleanupStart < 0 ? code.length : cleanupStart }
    const sections = {
      relocationAt,
      relocations: relocations.length,
      dataAt,
      dataSize: segment.length,
    }
    const header = {
      total,
      flags: trace ? 1 : 0,
      ...counts,
      ...sections,
      whyAt,
      whySize: why.length,
    }
    encodeHeader(header, id).copy(out)
    code.forEach((each, index) =>
      encodeInstruction(each, targetOf(each)).copy(out, 64 + 64 * index),
    )
    relocations.forEach((offset, index) => out.writeUInt32LE(offset, relocationAt + 4 * index))
    segment.copy(out, dataAt)
    why.copy(out, whyAt)
    return out
  }
  return {
    label: (name) => void labels.set(name, code.length),
    emit,
    sys: (nr, operands, extra = {}) => emit('sys', operands, { ...extra, nr }),
    cleanup: () => void (cleanupStart = code.length),
    string,
    bytes,
    space: (size) => bytes(Buffer.alloc(size)),
    vector,
    monitor: (fields) => bytes(encodeMonitor(fields)),
    build,
  }
}
