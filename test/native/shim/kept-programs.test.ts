import { readFileSync } from 'node:fs'
import t, { type Test } from 'tap'
import { newAssembler, slot } from './assembler.ts'
import { type Zygote, recordType, startZygote } from './zygote-client.ts'

const fillMagic = 0x3146434d
const invalidFill = 18
const keepOffset = 56

interface Patch {
  readonly at: number
  readonly bytes: Uint8Array
  /** Default: as many as there are. */
  readonly size?: number
}

/** It tells the number in its data. */
function telling(value: bigint, { keep = 0, id = 1n } = {}): Buffer {
  const a = newAssembler()
  const number = Buffer.alloc(8)
  number.writeBigInt64LE(value)
  const place = a.bytes(number)
  a.emit('load', [place, 8], { dst: 9 })
  a.emit('record', [recordType.user, slot(9)])
  a.emit('end', [])
  const program = a.build({ id })
  program.writeUInt32LE(keep, keepOffset)
  return program
}

const dataOffset = telling(0n).readUInt32LE(40)

function fill(
  kept: number,
  patches: readonly Patch[],
  { id = 2n, count = patches.length } = {},
): Buffer {
  const parts = patches.map(({ at, bytes, size = bytes.length }) => {
    const head = Buffer.alloc(8)
    head.writeUInt32LE(at, 0)
    head.writeUInt32LE(size, 4)
    return Buffer.concat([head, bytes])
  })
  const head = Buffer.alloc(64)
  head.writeUInt32LE(fillMagic, 0)
  head.writeUInt32LE(kept, 4)
  head.writeUInt32LE(64 + parts.reduce((sum, part) => sum + part.length, 0), 8)
  head.writeUInt32LE(count, 12)
  head.writeBigUInt64LE(id, 16)
  return Buffer.concat([head, ...parts])
}

function other(value: bigint): Patch {
  const bytes = Buffer.alloc(8)
  bytes.writeBigInt64LE(value)
  return { at: dataOffset, bytes }
}

function open(t: Test): Zygote {
  const zygote = startZygote()
  t.teardown(() => zygote.close())
  return zygote
}

t.test('a kept program runs again with other data', async (t) => {
  const zygote = open(t)
  zygote.send(telling(7n, { keep: 3, id: 10n }))
  t.match(await zygote.next(recordType.user), { value: 7, id: 10n })
  for (const value of [8n, 9n]) {
    zygote.send(fill(3, [other(value)], { id: value }))
    t.match(await zygote.next(recordType.user), { value: Number(value), id: value })
  }
  zygote.send(fill(3, [], { id: 11n }))
  t.match(await zygote.next(recordType.user), { value: 7, id: 11n }, 'what is kept is as it came')
  zygote.send(telling(70n, { keep: 3 }))
  t.match(await zygote.next(recordType.user), { value: 70 })
  zygote.send(fill(3, [{ at: dataOffset + 1, bytes: Buffer.from([1]) }]))
  t.match(await zygote.next(recordType.user), { value: 256 + 70 }, 'the later one of a number')
})

t.test('one that is not valid is not kept, and nothing is in its place', async (t) => {
  const zygote = open(t)
  zygote.send(telling(7n, { keep: 1 }))
  await zygote.next(recordType.user)
  const spoiled = telling(8n, { keep: 1 })
  spoiled.writeUInt8(200, 64)
  zygote.send(spoiled)
  await zygote.next(recordType.invalid)
  zygote.send(fill(1, [], { id: 5n }))
  t.match(await zygote.next(recordType.invalid), { value: invalidFill, id: 5n })
})

t.test('hostile fills are refused, and the next program runs', async (t) => {
  const zygote = open(t)
  zygote.send(telling(7n, { keep: 1 }))
  await zygote.next(recordType.user)
  const eight = Buffer.alloc(8)
  const program = telling(0n)
  const dataEnd = dataOffset + program.readUInt32LE(44)
  const reserved = fill(1, [])
  reserved.writeUInt8(1, 63)
  const rows: Readonly<Record<string, Buffer>> = {
    'number 0': fill(0, []),
    'a number that is not taken': fill(2, []),
    'a number beyond all': fill(0xffffffff, []),
    'into the header': fill(1, [{ at: 16, bytes: eight }]),
    'into the instructions': fill(1, [{ at: 64, bytes: eight }]),
    'right before the data': fill(1, [{ at: dataOffset - 1, bytes: eight }]),
    'beyond the data': fill(1, [{ at: dataEnd - 7, bytes: eight }]),
    'far beyond': fill(1, [{ at: 0xffffffff, bytes: eight }]),
    'more bytes than there are': fill(1, [{ at: dataOffset, bytes: eight, size: 9 }]),
    'more bytes than can be': fill(1, [{ at: dataOffset, bytes: eight, size: 0xffffffff }]),
    'more patches than there are': fill(1, [other(1n)], { count: 2 }),
    'no end of patches': fill(1, [other(1n)], { count: 0xffffffff }),
    'bytes that belong to no patch': fill(1, [other(1n)], { count: 0 }),
    reserved,
  }
  for (const [title, bytes] of Object.entries(rows)) {
    zygote.send(bytes)
    t.match(await zygote.next(recordType.invalid), { value: invalidFill, id: 2n }, title)
  }
  zygote.send(fill(1, [other(12n)]))
  t.match(await zygote.next(recordType.user), { value: 12 })
})

t.test('what is too long to be one ends the stream', async (t) => {
  for (const size of [63, (256 << 10) + 1]) {
    const zygote = open(t)
    const bytes = fill(1, [])
    bytes.writeUInt32LE(size, 8)
    zygote.send(bytes)
    t.match(await zygote.next(recordType.invalid), { value: 3 })
    await zygote.closed
  }
})

t.test('monitors do not have what the zygote keeps', async (t) => {
  const zygote = open(t)
  const mappings = (pid: number): number =>
    readFileSync(`/proc/${pid}/maps`, 'utf8').split('\n').length
  const a = newAssembler()
  a.emit('record', [recordType.user, 0])
  a.sys(process.arch === 'arm64' ? 73 : 271, [0, 0, 0, 0, 0])
  a.emit('end', [])
  const program = a.build({ id: 1n })
  program.writeUInt32LE(1, keepOffset)
  zygote.send(program)
  await zygote.next(recordType.user)
  const [child] = readFileSync(
    `/proc/${zygote.process.pid}/task/${zygote.process.pid}/children`,
    'utf8',
  )
    .trim()
    .split(' ')
    .map(Number)
  if (child === undefined || zygote.process.pid === undefined) throw new Error('no child')
  t.ok(mappings(child) < mappings(zygote.process.pid))
  process.kill(child, 'SIGKILL')
  await zygote.next(recordType.died)
})
