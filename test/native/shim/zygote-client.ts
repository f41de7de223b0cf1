import type { ChildProcess } from 'node:child_process'
import { spawn } from 'node:child_process'
import { join } from 'node:path'
import type { Socket } from 'node:net'

/** The binary under test: SHIM names another one (a build with other flags). */
export const shim =
  process.env['SHIM'] ?? join(import.meta.dirname, '../../../dist/mycontainer-shim')

export interface ShimRecord {
  readonly type: number
  readonly pc: number
  readonly value: number
  readonly aux: bigint
  readonly time: bigint
  readonly id: bigint
}

export const recordType = {
  fail: 1,
  created: 2,
  preExec: 3,
  exec: 4,
  exit: 5,
  user: 6,
  oom: 7,
  trace: 8,
  died: 9,
  invalid: 10,
} as const

export function decodeRecord(bytes: Buffer): ShimRecord {
  return {
    type: bytes.readUInt32LE(0),
    pc: bytes.readUInt32LE(4),
    value: Number(bytes.readBigInt64LE(8)),
    aux: bytes.readBigInt64LE(16),
    time: bytes.readBigUInt64LE(24),
    id: bytes.readBigUInt64LE(32),
  }
}

export interface Zygote {
  readonly process: ChildProcess
  readonly records: ShimRecord[]
  send(program: Uint8Array): void
  /** The first record of this type that has not been waited for yet; rejects after `ms`. */
  next(type: number, ms?: number): Promise<ShimRecord>
  /** The stream's end, as seen from here. */
  readonly closed: Promise<void>
  close(): Promise<void>
}

export function startZygote(): Zygote {
  const child = spawn(shim, ['zygote'], { stdio: ['ignore', 'ignore', 'inherit', 'pipe'] })
  const stream = child.stdio[3] as Socket
  const records: ShimRecord[] = []
  const seen = new Set<ShimRecord>()
  const waiting = new Set<() => void>()
  let rest = Buffer.alloc(0)
  stream.on('data', (chunk: Buffer) => {
    rest = Buffer.concat([rest, chunk])
    for (; rest.length >= 40; rest = rest.subarray(40)) records.push(decodeRecord(rest))
    for (const wake of waiting) wake()
  })
  stream.on('error', () => {}) // a zygote that closes on hostile input resets the stream
  const closed = new Promise<void>((resolve) => stream.on('close', () => resolve()))
  const exited = new Promise<void>((resolve) => child.on('exit', () => resolve()))
  function next(type: number, ms = 10_000): Promise<ShimRecord> {
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        waiting.delete(look)
        reject(
          new Error(`no record of type ${type}; got ${records.map((each) => each.type).join()}`),
        )
      }, ms)
      function look(): void {
        const found = records.find((record) => record.type === type && !seen.has(record))
        if (!found) return
        seen.add(found)
        clearTimeout(timer)
        waiting.delete(look)
        resolve(found)
      }
      waiting.add(look)
      look()
    })
  }
  return {
    process: child,
    records,
    send: (program) => void stream.write(program),
    next,
    closed,
    close: async () => {
      stream.end()
      stream.destroy()
      await exited
    },
  }
}
