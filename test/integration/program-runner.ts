import { spawn } from 'node:child_process'
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
} from 'node:fs'
import type { Duplex } from 'node:stream'
import { release, tmpdir } from 'node:os'
import { join } from 'node:path'
import { hostArchitecture } from '../../native/syscall-numbers/number.ts'
import type { CompileHost } from '../../runtime/program/compile-input.ts'
import { encodeProgram } from '../../runtime/program/encode.ts'
import { RECORD, RECORD_SIZE } from '../../runtime/program/format.ts'
import type { Program } from '../../runtime/program/program.ts'

const shim = join(import.meta.dirname, '../../dist/mycontainer-shim')

export interface ShimRecord {
  readonly type: number
  readonly pc: number
  readonly value: bigint
  readonly aux: bigint
}

/** A zygote, and the records of the programs it was given. */
export interface Zygote {
  run(program: Program, options?: { readonly trace?: boolean }): Promise<ShimRecord[]>
  send(program: Program): void
  /** The first record of that type. */
  next(type: number): Promise<ShimRecord>
  close(): Promise<void>
}

const final: readonly number[] = [RECORD.FAIL, RECORD.EXIT, RECORD.DIED, RECORD.INVALID]

export function startZygote(): Zygote {
  const child = spawn(shim, ['zygote'], { stdio: ['ignore', 'inherit', 'inherit', 'pipe'] })
  const stream = child.stdio[3] as Duplex
  const ended = new Promise<void>((resolve) => child.once('close', () => resolve()))
  const records: ShimRecord[] = []
  let wake: (() => void) | undefined
  let pending = Buffer.alloc(0)
  stream.on('data', (chunk: Buffer) => {
    pending = Buffer.concat([pending, chunk])
    for (; pending.length >= RECORD_SIZE; pending = pending.subarray(RECORD_SIZE))
      records.push({
        type: pending.readUInt32LE(0),
        pc: pending.readUInt32LE(4),
        value: pending.readBigInt64LE(8),
        aux: pending.readBigInt64LE(16),
      })
    wake?.()
  })
  const until = async (isDone: () => boolean): Promise<void> => {
    while (!isDone())
      await new Promise<void>((resolve) => {
        wake = resolve
      })
  }
  const send = (program: Program, options = {}): void => {
    records.length = 0
    stream.write(encodeProgram(program, { id: 7n, ...options }))
  }
  return {
    send,
    async run(program, options) {
      send(program, options)
      await until(() => records.some(({ type }) => final.includes(type)))
      return [...records]
    },
    async next(type) {
      await until(() =>
        records.some((record) => record.type === type || final.includes(record.type)),
      )
      return records.find((record) => record.type === type) ?? records.at(-1)!
    },
    async close() {
      stream.end()
      stream.destroy()
      child.kill('SIGKILL')
      await ended
    },
  }
}

/** This machine, as the compiler wants it. */
export function thisHost(): CompileHost {
  const [major = 6, minor = 0] = release().split('.').map(Number)
  const last = Number(readFileSync('/proc/sys/kernel/cap_last_cap', 'utf8'))
  const cgroupMode = existsSync('/sys/fs/cgroup/unified') ? 'hybrid' : 'v2'
  return {
    kernel: { major, minor },
    architecture: hostArchitecture,
    rootless: process.getuid?.() !== 0,
    lastCapability: last,
    cgroupMode,
  }
}

export interface Box {
  readonly folder: string
  readonly rootfs: string
  readonly state: string
  /** What the program wrote, both streams, from the log. */
  output(): string
  remove(): void
}

/** A temporary folder with a busybox root file system, state and log. */
export function makeBox(): Box {
  const folder = mkdtempSync(join(tmpdir(), 'program-'))
  const rootfs = join(folder, 'rootfs')
  const state = join(folder, 'state')
  for (const path of ['rootfs/bin', 'rootfs/proc', 'rootfs/etc', 'state', 'upper', 'work'])
    mkdirSync(join(folder, path), { recursive: true })
  cpSync('/bin/busybox', join(rootfs, 'bin/busybox'))
  for (const name of [
    'sh',
    'cat',
    'ls',
    'id',
    'hostname',
    'sleep',
    'true',
    'mount',
    'stat',
    'touch',
    'ps',
    'stty',
    'readlink',
    'grep',
    'tty',
    'kill',
    'wc',
    'ip',
  ])
    symlinkSync('busybox', join(rootfs, 'bin', name))
  return {
    folder,
    rootfs,
    state,
    output() {
      const path = join(folder, 'log')
      if (!existsSync(path)) return ''
      const lines = readFileSync(path, 'utf8').split('\n')
      return lines
        .filter((line) => line !== '')
        .map((line) => (JSON.parse(line) as { log: string }).log)
        .join('')
    },
    remove: () => rmSync(folder, { recursive: true, force: true }),
  }
}
