import { OPERAND } from './operand.ts'
import type { Data } from './operand.ts'

/**
 * The data of a program under construction: strings (each once), structures, scratch memory.
 * Every structure starts at a multiple of eight, which the kernel's ABI structures need.
 */
export class DataSegment {
  #bytes = Buffer.alloc(16_384)
  #used = 0
  readonly #strings = new Map<string, Data>()
  readonly relocations: number[] = []

  /** NUL-terminated text; the same text gives the same place, so nobody may write to it. */
  text(value: string): Data {
    const known = this.#strings.get(value)
    if (known !== undefined) return known
    const size = Buffer.byteLength(value) + 1
    const at = this.#reserve(size, 1)
    this.#bytes.write(value, at)
    const data: Data = { kind: OPERAND.data, value: at }
    this.#strings.set(value, data)
    return data
  }

  /** A copy of `bytes`. */
  bytes(bytes: Uint8Array): Data {
    const at = this.#reserve(bytes.length, 8)
    this.#bytes.set(bytes, at)
    return { kind: OPERAND.data, value: at }
  }

  /** Zeroed memory for the kernel or the program to write to. */
  scratch(size: number): Data {
    return { kind: OPERAND.data, value: this.#reserve(size, 8) }
  }

  /** 64-bit little endian words; a Data becomes a pointer, fixed up at load time. */
  words(values: readonly (number | bigint | Data)[]): Data {
    const at = this.#reserve(values.length * 8, 8)
    for (const [index, value] of values.entries()) this.#word(at + index * 8, value)
    return { kind: OPERAND.data, value: at }
  }

  /** Overwrite 32 bits of a structure that is still being built. */
  set32(data: Data, offset: number, value: number): void {
    this.#bytes.writeUInt32LE(value >>> 0, data.value + offset)
  }

  /** The finished segment. */
  finish(): Uint8Array {
    return this.#bytes.subarray(0, (this.#used + 15) & ~15)
  }

  #word(at: number, value: number | bigint | Data): void {
    if (typeof value === 'object') {
      this.relocations.push(at)
      this.#bytes.writeUInt32LE(value.value, at)
    } else if (typeof value === 'bigint') {
      this.#bytes.writeBigUInt64LE(BigInt.asUintN(64, value), at)
    } else if (value >= 0 && value <= 0xffffffff) {
      this.#bytes.writeUInt32LE(value, at)
    } else {
      this.#bytes.writeBigInt64LE(BigInt(value), at)
    }
  }

  #reserve(size: number, alignment: number): number {
    const at = (this.#used + alignment - 1) & ~(alignment - 1)
    this.#used = at + size
    if (this.#used + 16 > this.#bytes.length) {
      const larger = Buffer.alloc(Math.max(this.#bytes.length * 2, this.#used * 2))
      larger.set(this.#bytes)
      this.#bytes = larger
    }
    return at
  }
}
