// What an instruction can be given. A bare number or bigint is an immediate.

export const OPERAND = {
  immediate: 0,
  slot: 1,
  data: 2,
  slotAddress: 3,
  slotLow: 4,
  slotHigh: 5,
} as const

export type OperandKind = (typeof OPERAND)[keyof typeof OPERAND]

/** A register of the interpreter: one signed 64-bit value, -1 at the start. */
export interface Slot {
  readonly kind: typeof OPERAND.slot
  readonly value: number
  readonly name: string
}

/** A place in the program's data segment; as an operand it stands for its address. */
export interface Data {
  readonly kind: typeof OPERAND.data
  /** Byte offset in the data segment. */
  readonly value: number
}

interface SlotPart {
  readonly kind: typeof OPERAND.slotAddress | typeof OPERAND.slotLow | typeof OPERAND.slotHigh
  readonly value: number
  readonly name: string
}

export type Operand = number | bigint | Slot | Data | SlotPart

/** Address of a slot, for calls that hand a result back through a pointer. */
export function addressOf(slot: Slot): Operand {
  return { kind: OPERAND.slotAddress, value: slot.value, name: slot.name }
}

/** First descriptor of a pair that pipe2(2) or socketpair(2) left in a slot. */
export function firstOf(slot: Slot): Operand {
  return { kind: OPERAND.slotLow, value: slot.value, name: slot.name }
}

/** Second descriptor of a pair that pipe2(2) or socketpair(2) left in a slot. */
export function secondOf(slot: Slot): Operand {
  return { kind: OPERAND.slotHigh, value: slot.value, name: slot.name }
}
