import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import type { Assembler } from './assembler.ts'
import {
  data,
  high,
  ignoreAny,
  jumpIfIgnored,
  jumpIfOk,
  low,
  newAssembler,
  slot,
  slotAddress,
} from './assembler.ts'
import { makeFolder } from './container-run.ts'
import { nr } from './numbers.ts'
import type { ShimRecord } from './zygote-client.ts'
import { decodeRecord, recordType, shim } from './zygote-client.ts'

const folder = makeFolder(t)

interface Outcome {
  readonly code: number | null
  readonly records: readonly ShimRecord[]
  readonly stderr: string
}

/** Interprets a program in one process; its records come back through descriptor 3. */
function run(
  steps: (assembler: Assembler) => void,
  options: { readonly trace?: boolean } = {},
): Outcome {
  const assembler = newAssembler()
  steps(assembler)
  const file = join(folder, 'program')
  writeFileSync(file, assembler.build(options))
  const { status, stderr, output } = spawnSync(shim, ['run', file], {
    stdio: ['ignore', 'pipe', 'pipe', 'pipe'],
  })
  const bytes = output[3] ?? Buffer.alloc(0)
  const count = Math.floor(bytes.length / 40)
  const records = Array.from({ length: count }, (_, index) =>
    decodeRecord(Buffer.from(bytes).subarray(40 * index)),
  )
  return { code: status, records, stderr: stderr.toString() }
}

/** The value that a program gives in its one USER record. */
function valueOf(steps: (assembler: Assembler) => void): number | undefined {
  const { records } = run((a) => {
    steps(a)
    a.emit('record', [recordType.user, slot(9)])
    a.emit('end', [])
  })
  return records.find(({ type }) => type === recordType.user)?.value
}

t.test('values', async (t) => {
  const rows: { title: string; steps: (a: Assembler) => void; value: number }[] = [
    { title: 'slots start as -1', steps: () => {}, value: -1 },
    { title: 'move', steps: (a) => a.emit('move', [-5], { dst: 9 }), value: -5 },
    {
      title: 'the result of a call',
      steps: (a) => a.sys(nr.openat, [-100, data(a.string('/nope')), 0], { dst: 9, ignore: [2] }),
      value: -2,
    },
    {
      title: 'low half',
      steps: (a) => {
        a.emit('move', [0xfffffff0_00000007n - (1n << 64n)], { dst: 1 })
        a.emit('move', [low(1)], { dst: 9 })
      },
      value: 7,
    },
    {
      title: 'high half',
      steps: (a) => {
        a.emit('move', [0xfffffff0_00000007n - (1n << 64n)], { dst: 1 })
        a.emit('move', [high(1)], { dst: 9 })
      },
      value: -16,
    },
    {
      title: 'load 1',
      steps: (a) => a.emit('load', [a.bytes(Uint8Array.of(0xff, 0xff)), 1], { dst: 9 }),
      value: 255,
    },
    {
      title: 'load 2',
      steps: (a) => a.emit('load', [a.bytes(Uint8Array.of(0xff, 0xff)), 2], { dst: 9 }),
      value: 65_535,
    },
    {
      title: 'load 4 is signed',
      steps: (a) => a.emit('load', [a.bytes(Uint8Array.of(0xfe, 0xff, 0xff, 0xff)), 4], { dst: 9 }),
      value: -2,
    },
    {
      title: 'store 2 of 8',
      steps: (a) => {
        const at = a.space(8)
        a.emit('store', [0x12345678, at, 2])
        a.emit('load', [at, 8], { dst: 9 })
      },
      value: 0x5678,
    },
    {
      title: 'slot address',
      steps: (a) => {
        a.sys(nr.pipe2, [slotAddress(1), 0])
        a.sys(nr.write, [high(1), data(a.string('xyz')), 3])
        a.sys(nr.read, [low(1), slotAddress(2), 3], { dst: 9 })
      },
      value: 3,
    },
    {
      title: 'format',
      steps: (a) => {
        const to = a.space(16)
        a.emit('format', [to, 16, a.string('/proc/%d/x'), -42], { dst: 9 })
      },
      value: 11,
    },
    {
      title: 'format without a number',
      steps: (a) => {
        const to = a.space(16)
        a.emit('format', [to, 16, a.string('abc'), 1], { dst: 9 })
      },
      value: 3,
    },
    {
      title: 'check passes',
      steps: (a) => a.emit('check', [a.bytes(Uint8Array.of(3, 0, 0, 0))], { dst: 9 }),
      value: 3,
    },
    {
      title: 'check, tolerated',
      steps: (a) =>
        a.emit('check', [a.bytes(Uint8Array.of(0xef, 0xff, 0xff, 0xff))], { dst: 9, ignore: [17] }),
      value: -17,
    },
    {
      title: 'assert, tolerated',
      steps: (a) => a.emit('assert', [1, 2, 71], { dst: 9, flags: ignoreAny }),
      value: -71,
    },
  ]
  for (const { title, steps, value } of rows) t.equal(valueOf(steps), value, title)
})

t.test('format writes what it says', async (t) => {
  const { code } = run((a) => {
    const to = a.space(32)
    a.emit('format', [to, 32, a.string(`${folder}/%d`.slice(-20)), 77], { flags: ignoreAny })
    const path = a.space(256)
    a.emit('format', [path, 256, a.string(`${folder}/made-%d-x`), -9])
    a.sys(nr.mkdirat, [-100, data(path), 0o755])
    a.emit('end', [])
  })
  t.equal(code, 0)
  t.ok(existsSync(join(folder, 'made--9-x')))
})

/** Where a jump that is not taken arrives. */
function goOn(a: Assembler): void {
  a.emit('move', [1], { dst: 9 })
  a.emit('jump', [], { jump: 'end' })
}

t.test('jumps', async (t) => {
  const rows: { title: string; jump: (a: Assembler) => void; taken: boolean }[] = [
    { title: 'always', jump: (a) => a.emit('jump', [], { jump: 'there' }), taken: true },
    { title: 'zero', jump: (a) => a.emit('jumpZero', [0], { jump: 'there' }), taken: true },
    { title: 'not zero', jump: (a) => a.emit('jumpZero', [5], { jump: 'there' }), taken: false },
    {
      title: 'nonzero',
      jump: (a) => a.emit('jumpNonzero', [slot(3)], { jump: 'there' }),
      taken: true,
    },
    {
      title: 'equal',
      jump: (a) => a.emit('jumpEqual', [slot(3), -1], { jump: 'there' }),
      taken: true,
    },
    {
      title: 'not equal',
      jump: (a) => a.emit('jumpEqual', [slot(3), 1], { jump: 'there' }),
      taken: false,
    },
    {
      title: 'if ok',
      jump: (a) => a.sys(nr.getpid, [], { flags: jumpIfOk, jump: 'there' }),
      taken: true,
    },
    {
      title: 'if ok, but it failed',
      jump: (a) => a.sys(nr.close, [-1], { flags: jumpIfOk, ignore: [9], jump: 'there' }),
      taken: false,
    },
    {
      title: 'if ignored',
      jump: (a) => a.sys(nr.close, [-1], { flags: jumpIfIgnored, ignore: [9], jump: 'there' }),
      taken: true,
    },
    {
      title: 'if ignored, but it was fine',
      jump: (a) => a.sys(nr.getpid, [], { flags: jumpIfIgnored, ignore: [9], jump: 'there' }),
      taken: false,
    },
  ]
  for (const { title, jump, taken } of rows) {
    const value = valueOf((a) => {
      jump(a)
      goOn(a)
      a.label('there')
      a.emit('move', [2], { dst: 9 })
      a.label('end')
    })
    t.equal(value, taken ? 2 : 1, title)
  }
})

t.test('failures name the step, after cleanup, whose own errors do not count', async (t) => {
  const rows: { title: string; step: (a: Assembler) => void; errno: number }[] = [
    {
      title: 'a call',
      step: (a) => a.sys(nr.openat, [-100, data(a.string('/nope')), 0], { ignore: [13] }),
      errno: 2,
    },
    { title: 'fail', step: (a) => a.emit('fail', [95]), errno: 95 },
    {
      title: 'fail with -errno',
      step: (a) => {
        a.emit('move', [-28], { dst: 1 })
        a.emit('fail', [slot(1)])
      },
      errno: 28,
    },
    { title: 'assert', step: (a) => a.emit('assert', [1, 2, 71]), errno: 71 },
    {
      title: 'check',
      step: (a) => a.emit('check', [a.bytes(Uint8Array.of(0xff, 0xff, 0xff, 0xff))]),
      errno: 1,
    },
    {
      title: 'format too long',
      step: (a) => a.emit('format', [a.space(4), 4, a.string('abcd'), 0]),
      errno: 36,
    },
    {
      title: 'clone3 that shares memory',
      step: (a) => {
        const args = a.bytes(Buffer.concat([Buffer.from([0, 1]), Buffer.alloc(86)]))
        a.sys(nr.clone3, [data(args), 88])
      },
      errno: 22,
    },
    {
      title: 'removing a path',
      step: (a) => a.emit('removeTree', [-100, a.string('a/b')]),
      errno: 22,
    },
  ]
  for (const { title, step, errno } of rows) {
    const { code, records } = run((a) => {
      step(a)
      a.emit('end', [])
      a.cleanup()
      a.sys(nr.close, [-1])
      a.emit('fail', [5])
      a.emit('record', [recordType.user, 1])
    })
    t.equal(code, 1, title)
    t.match(
      records.map(({ type, value }) => [type, value]),
      [
        [recordType.user, 1],
        [recordType.fail, errno],
      ],
      title,
    )
  }
})

t.test('without anybody to tell the failure is printed with its why', async (t) => {
  const assembler = newAssembler()
  assembler.emit('move', [1], { why: 'first' })
  assembler.emit('fail', [2], { why: 'open the door' })
  const input = assembler.build()
  const { status, stderr } = spawnSync(shim, ['run', '-'], { input, encoding: 'utf8' })
  t.equal(status, 1)
  t.match(stderr, 'step 1 failed: errno 2: open the door')
})

t.test('timings', async (t) => {
  const { records } = run(
    (a) => {
      a.emit('move', [4], { dst: 1 })
      a.emit('end', [])
    },
    { trace: true },
  )
  t.match(records, [
    { type: recordType.trace, pc: 0, value: 4 },
    { type: recordType.trace, pc: 1 },
  ])
})

t.test('a tree is removed, and what its links point to is not', async (t) => {
  const tree = join(folder, 'tree')
  const outside = join(folder, 'outside')
  mkdirSync(outside)
  writeFileSync(join(outside, 'kept'), 'kept')
  for (let index = 0; index < 300; index++)
    mkdirSync(join(tree, `d${index % 7}`, `e${index}`), { recursive: true })
  for (let index = 0; index < 300; index++)
    writeFileSync(join(tree, `file-with-a-longer-name-${index}`), 'x')
  symlinkSync(outside, join(tree, 'link'))
  symlinkSync(outside, join(folder, 'top-link'))
  const { code } = run((a) => {
    a.sys(nr.openat, [-100, data(a.string(folder)), 0], { dst: 1 })
    a.emit('removeTree', [slot(1), a.string('tree')])
    a.emit('removeTree', [slot(1), a.string('top-link')])
    a.emit('removeTree', [slot(1), a.string('tree')], { ignore: [2] })
    a.emit('end', [])
  })
  t.equal(code, 0)
  t.notOk(existsSync(tree))
  t.notOk(existsSync(join(folder, 'top-link')))
  t.equal(readFileSync(join(outside, 'kept'), 'utf8'), 'kept')
})

t.test('removing stops at a mount', async (t) => {
  const inner = join(folder, 'mounted/inner')
  mkdirSync(inner, { recursive: true })
  const program = join(folder, 'remove')
  const a = newAssembler()
  a.sys(nr.openat, [-100, data(a.string(folder)), 0], { dst: 1 })
  a.emit('removeTree', [slot(1), a.string('mounted')])
  a.emit('end', [])
  writeFileSync(program, a.build())
  const script = `mount -t tmpfs none ${inner} && touch ${inner}/kept; ${shim} run ${program}; ls ${inner}`
  const { stdout, stderr } = spawnSync('unshare', ['-m', 'sh', '-c', script], { encoding: 'utf8' })
  t.match(stderr, /step 1 failed: errno (16|18)/)
  t.equal(stdout, 'kept\n')
})
