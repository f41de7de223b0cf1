import { spawnSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import type { Assembler } from './assembler.ts'
import { data, high, ignoreAny, jumpIfOk, newAssembler, slot, slotAddress } from './assembler.ts'
import { makeFolder } from './container-run.ts'
import { nr } from './numbers.ts'
import { recordType, shim, startZygote } from './zygote-client.ts'

const folder = makeFolder(t)

/** What `shim check` says: '' for a valid program, else reason and place. */
function check(program: Uint8Array): string {
  const file = join(folder, 'program')
  writeFileSync(file, program)
  const { status, stderr } = spawnSync(shim, ['check', file], { encoding: 'utf8' })
  const said = /invalid program: (.*)/.exec(stderr)?.[1] ?? stderr
  return status === 0 ? '' : said.trim()
}

/** A good program of two instructions and some data, to be spoilt. */
function build(steps: (assembler: Assembler) => void, end = true): Buffer {
  const assembler = newAssembler()
  steps(assembler)
  if (end) assembler.emit('end', [])
  return assembler.build()
}
const nothing = (): void => {}

/** The good program with a field of its header overwritten. */
function spoil(offset: number, value: number, width: 2 | 4 = 4): Buffer {
  const program = build((a) => {
    a.vector(['one', 'two'])
    a.emit('move', [1], { dst: 0 })
  })
  program.writeUIntLE(value, offset, width)
  return program
}

t.test('good programs', async (t) => {
  const rows: { title: string; program: Buffer }[] = [
    { title: 'the smallest', program: build(nothing) },
    { title: 'an exit', program: build((a) => a.sys(nr.exit_group, [0]), false) },
    {
      title: 'a cleanup that just ends',
      program: build((a) => {
        a.emit('end', [])
        a.cleanup()
        a.emit('move', [1], { dst: 1 })
      }, false),
    },
    {
      title: 'execve last',
      program: build((a) => a.sys(nr.execve, [data(a.string('/x')), 0, 0]), false),
    },
    { title: 'last slot', program: build((a) => a.emit('move', [slot(127)], { dst: 127 })) },
    {
      title: 'the last byte',
      program: build((a) => {
        const at = a.space(8)
        a.emit('store', [1, at + 7, 1])
      }),
    },
  ]
  for (const { title, program } of rows) t.equal(check(program), '', title)
})

t.test('hostile headers', async (t) => {
  const rows: { title: string; program: Buffer; says: string }[] = [
    { title: 'version', program: spoil(4, 2, 2), says: 'header' },
    { title: 'another machine', program: spoil(6, 9, 2), says: 'architecture' },
    { title: 'unknown flag', program: spoil(12, 0x80), says: 'header' },
    { title: 'a number that no program is kept under', program: spoil(56, 17), says: 'header' },
    { title: 'reserved', program: spoil(60, 1), says: 'header' },
    { title: 'no instruction', program: spoil(24, 0), says: 'size' },
    { title: 'too many instructions', program: spoil(24, 0xffffffff), says: 'size' },
    { title: 'instructions beyond the end', program: spoil(24, 60_000), says: 'section' },
    { title: 'cleanup beyond the end', program: spoil(28, 3), says: 'section' },
    { title: 'everything is cleanup', program: spoil(28, 0), says: 'section' },
    { title: 'relocations inside the code', program: spoil(32, 64), says: 'section' },
    { title: 'relocations misaligned', program: spoil(32, 194), says: 'section' },
    { title: 'relocation count that wraps', program: spoil(36, 0x40000001), says: 'section' },
    { title: 'data misaligned', program: spoil(40, 209), says: 'section' },
    { title: 'data too long', program: spoil(44, 0xfffffff0), says: 'section' },
    { title: 'data offset that wraps', program: spoil(40, 0xfffffff0), says: 'section' },
    { title: 'why inside the data', program: spoil(48, 208), says: 'section' },
    { title: 'why beyond the end', program: spoil(52, 4000), says: 'section' },
    { title: 'why too few sentences', program: spoil(52, 1), says: 'why' },
  ]
  for (const { title, program, says } of rows) t.equal(check(program), says, title)
})

t.test('hostile relocations', async (t) => {
  const at = 64 + 2 * 64
  const rows: { title: string; offset: number; value: number }[] = [
    { title: 'outside the data', offset: at, value: 0x10000 },
    { title: 'across its end', offset: at + 4, value: 40 },
    { title: 'misaligned', offset: at, value: 17 },
    { title: 'twice the same', offset: at, value: 24 },
  ]
  for (const { title, offset, value } of rows)
    t.equal(check(spoil(offset, value)), 'relocation', title)
  const program = build((a) => a.vector(['x']))
  const dataAt = program.readUInt32LE(40)
  program.writeBigUInt64LE(0xffffffffffff0000n, dataAt + 8)
  t.equal(check(program), 'relocation', 'pointing outside')
})

t.test('hostile instructions', async (t) => {
  const rows: { title: string; steps: (a: Assembler) => void; says: string; end?: boolean }[] = [
    { title: 'op 0', steps: (a) => a.emit(0, []), says: 'op at instruction 0' },
    { title: 'op 20', steps: (a) => a.emit(20, []), says: 'op at instruction 0' },
    {
      title: 'telling of the end before it',
      steps: (a) => a.emit('tellEnd', []),
      says: 'op at instruction 0',
    },
    { title: 'op 255', steps: (a) => a.emit(255, []), says: 'op at instruction 0' },
    {
      title: 'monitor in cleanup',
      steps: (a) => {
        a.emit('end', [])
        a.cleanup()
        a.emit('monitor', [data(a.monitor({ child: 0 }))])
      },
      says: 'op at instruction 1',
    },
    {
      title: 'dst 128',
      steps: (a) => a.emit('move', [1], { dst: 128 }),
      says: 'slot at instruction 0',
    },
    {
      title: 'dst on a jump',
      steps: (a) => a.emit('jump', [], { dst: 1, jump: 1 }),
      says: 'slot at instruction 0',
    },
    {
      title: 'slot 128',
      steps: (a) => a.emit('move', [slot(128)], { dst: 0 }),
      says: 'slot at instruction 0',
    },
    {
      title: 'slot -1',
      steps: (a) => a.emit('move', [slot(-1)], { dst: 0 }),
      says: 'slot at instruction 0',
    },
    {
      title: 'slot address 128',
      steps: (a) => a.sys(nr.pipe2, [slotAddress(128), 0]),
      says: 'slot at instruction 0',
    },
    {
      title: 'kind 6',
      steps: (a) => a.emit('move', [{ kind: 6, value: 0 }], { dst: 0 }),
      says: 'kind at instruction 0',
    },
    {
      title: 'data where a value must be',
      steps: (a) => a.emit('jumpZero', [data(a.space(8))], { jump: 1 }),
      says: 'kind at instruction 0',
    },
    {
      title: 'a slot where an offset must be',
      steps: (a) => a.emit('store', [1, slot(1), 8]),
      says: 'kind at instruction 0',
    },
    {
      title: 'unknown flag',
      steps: (a) => a.emit('move', [1], { flags: 1 << 27 }),
      says: 'kind at instruction 0',
    },
    {
      title: 'data at its end',
      steps: (a) => a.emit('move', [data(a.space(8) + 8)], { dst: 0 }),
      says: 'data at instruction 0',
    },
    {
      title: 'data -1',
      steps: (a) => {
        a.space(8)
        a.emit('move', [data(-1)], { dst: 0 })
      },
      says: 'data at instruction 0',
    },
    {
      title: 'store across the end',
      steps: (a) => a.emit('store', [1, a.space(8) + 1, 8]),
      says: 'data at instruction 0',
    },
    {
      title: 'store of 3 bytes',
      steps: (a) => a.emit('store', [1, a.space(8), 3]),
      says: 'operand at instruction 0',
    },
    {
      title: 'load at 2^62',
      steps: (a) => {
        a.space(8)
        a.emit('load', [1n << 62n, 8], { dst: 0 })
      },
      says: 'data at instruction 0',
    },
    {
      title: 'check across the end',
      steps: (a) => a.emit('check', [a.space(8) + 5]),
      says: 'data at instruction 0',
    },
    {
      title: 'format into too little',
      steps: (a) => a.emit('format', [a.space(8), 400, a.string('%d'), 1]),
      says: 'data at instruction 0',
    },
    {
      title: 'format without an end',
      steps: (a) => {
        const to = a.space(8)
        a.emit('format', [to, 8, a.bytes(Buffer.from('%d')), 1])
      },
      says: 'string at instruction 0',
    },
    {
      title: 'remove without an end',
      steps: (a) => a.emit('removeTree', [slot(1), a.bytes(Buffer.from('x'))]),
      says: 'string at instruction 0',
    },
    {
      title: 'read beyond the data',
      steps: (a) => a.sys(nr.read, [0, data(a.space(8)), 9]),
      says: 'data at instruction 0',
    },
    {
      title: 'read beyond the slots',
      steps: (a) => a.sys(nr.read, [0, slotAddress(127), 9]),
      says: 'data at instruction 0',
    },
    {
      title: 'jump to itself',
      steps: (a) => a.emit('jump', [], { jump: 0 }),
      says: 'jump at instruction 0',
    },
    {
      title: 'jump back',
      steps: (a) => {
        a.emit('move', [1])
        a.emit('jumpZero', [slot(1)], { jump: 1 })
      },
      says: 'jump at instruction 1',
    },
    {
      title: 'jump off the end',
      steps: (a) => a.emit('jump', [], { jump: 2 }),
      says: 'jump at instruction 0',
    },
    {
      title: 'jump into cleanup',
      steps: (a) => {
        a.emit('jumpZero', [1], { jump: 2 })
        a.emit('end', [])
        a.cleanup()
      },
      says: 'jump at instruction 0',
    },
    {
      title: 'jump flag without a target',
      steps: (a) => a.sys(nr.getpid, [], { flags: jumpIfOk }),
      says: 'jump at instruction 0',
    },
    {
      title: 'target without a jump',
      steps: (a) => a.sys(nr.getpid, [], { jump: 1 }),
      says: 'jump at instruction 0',
    },
    {
      title: 'jump flag on a move',
      steps: (a) => a.emit('move', [1], { flags: jumpIfOk, jump: 1 }),
      says: 'jump at instruction 0',
    },
    { title: 'call 1024', steps: (a) => a.sys(1024, []), says: 'syscall at instruction 0' },
    {
      title: 'number on another op',
      steps: (a) => a.emit('move', [1], { nr: 5 }),
      says: 'syscall at instruction 0',
    },
    {
      title: 'errno where none can be',
      steps: (a) => a.emit('move', [1], { ignore: [2] }),
      says: 'errno at instruction 0',
    },
    {
      title: 'tolerance where none can be',
      steps: (a) => a.emit('move', [1], { flags: ignoreAny }),
      says: 'errno at instruction 0',
    },
    {
      title: 'a record of the monitor’s',
      steps: (a) => a.emit('record', [5, 0]),
      says: 'operand at instruction 0',
    },
    {
      title: 'an operand too many',
      steps: (a) => a.emit('move', [1, 2]),
      says: 'operand at instruction 0',
    },
    {
      title: 'off the end',
      steps: (a) => a.emit('move', [high(1)], { dst: 0 }),
      says: 'end at instruction 0',
      end: false,
    },
    {
      title: 'off the end into cleanup',
      steps: (a) => {
        a.emit('move', [1], { dst: 0 })
        a.cleanup()
      },
      says: 'end at instruction 0',
    },
    {
      title: 'execve that may come back',
      steps: (a) => a.sys(nr.execve, [0, 0, 0], { ignore: [2] }),
      says: 'end at instruction 0',
      end: false,
    },
  ]
  for (const { title, steps, says, end } of rows) t.equal(check(build(steps, end)), says, title)
  if (process.arch === 'x64')
    t.equal(check(build((a) => a.sys(nr.vfork, []))), 'syscall at instruction 0', 'vfork')
})

/** A monitor with nothing but a child, and one byte of it spoilt. */
const patch =
  (offset: number, value: number) =>
  (a: Assembler): void => {
    const monitor = Buffer.alloc(128, 0xff)
    monitor.fill(0, 18, 24).fill(0, 28, 48).fill(0, 76)
    monitor.writeUInt32LE(128, 0)
    monitor.writeUInt32LE(0, 4)
    monitor.writeUInt8(0, 8)
    monitor.fill(0, 60, 76)
    monitor.writeUInt8(value, offset)
    a.emit('monitor', [data(a.bytes(monitor))])
  }

t.test('hostile monitors', async (t) => {
  t.equal(check(build(patch(8, 0))), '', 'the good one')
  const rows = [
    { title: 'size', offset: 0, value: 64 },
    { title: 'flag', offset: 5, value: 2 },
    { title: 'what is told is not held back', offset: 4, value: 128 | 8 },
    { title: 'no child', offset: 8, value: 255 },
    { title: 'slot 200', offset: 10, value: 200 },
    { title: 'reserved', offset: 127, value: 1 },
    { title: 'log without a folder', offset: 28, value: 1 },
    { title: 'terminal without one', offset: 4, value: 1 },
    { title: 'exit command out of the data', offset: 48, value: 1 },
    { title: 'tick without a command', offset: 60, value: 1 },
  ]
  for (const { title, offset, value } of rows)
    t.equal(check(build(patch(offset, value))), 'monitor at instruction 0', title)
  for (const name of ['', '.', '..', 'a/b', 'x'.repeat(300)]) {
    const program = build((a) =>
      a.emit('monitor', [
        data(a.monitor({ child: 0, logDir: 1, logFormat: 1, logName: a.string(name) })),
      ]),
    )
    t.equal(check(program), 'monitor at instruction 0', `log name ${name.slice(0, 5)}`)
  }
})

t.test('the zygote refuses and stays in step; what is no program ends it', async (t) => {
  const zygote = startZygote()
  t.teardown(() => zygote.close())
  zygote.send(Buffer.concat([build((a) => a.emit(99, [])), build((a) => a.emit('record', [6, 5]))]))
  t.match(await zygote.next(recordType.invalid), { pc: 0, value: 7, id: 7n })
  t.equal((await zygote.next(recordType.user)).value, 5)
  zygote.send(Buffer.alloc(64, 1))
  await zygote.next(recordType.invalid)
  await zygote.closed
})

t.test('a program in pieces, and cut off', async (t) => {
  const zygote = startZygote()
  const program = build((a) => a.emit('record', [6, 5]))
  for (const byte of program) zygote.send(Uint8Array.of(byte))
  t.equal((await zygote.next(recordType.user)).value, 5)
  zygote.send(program.subarray(0, 100))
  await zygote.close()
  t.pass('it ends with its stream')
})
