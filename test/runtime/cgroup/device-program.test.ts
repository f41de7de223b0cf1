import t from 'tap'
import { accessBits, compileDeviceProgram } from '../../../runtime/cgroup/limits/device-program.ts'
import { checkDeviceRules, deviceWritesV1 } from '../../../runtime/cgroup/limits/device-rules.ts'
import type { DeviceRule } from '../../../runtime/cgroup/resources.ts'

interface Request {
  readonly type: 'b' | 'c'
  readonly major: number
  readonly minor: number
  readonly access: string
}

/** Runs the few BPF instructions that the compiler emits, as RFC 9669 defines them. */
function interpret(program: Uint8Array, request: Request): boolean {
  const view = new DataView(program.buffer)
  const context = [
    (accessBits(request.access) << 16) | (request.type === 'b' ? 1 : 2),
    request.major,
    request.minor,
  ]
  const registers = Array.from({ length: 11 }, () => 0)
  for (let at = 0, steps = 0; steps < 10_000; at++, steps++) {
    const code = view.getUint8(at * 8)
    const dst = view.getUint8(at * 8 + 1) & 15
    const src = view.getUint8(at * 8 + 1) >> 4
    const offset = view.getInt16(at * 8 + 2, true)
    const imm = view.getInt32(at * 8 + 4, true)
    const value = registers[dst] ?? 0
    if (code === 0x61) registers[dst] = context[offset / 4] ?? -1
    else if (code === 0xb7) registers[dst] = imm
    else if (code === 0xbc) registers[dst] = registers[src] ?? 0
    else if (code === 0x54) registers[dst] = value & imm
    else if (code === 0x74) registers[dst] = value >>> imm
    else if (code === 0x05) at += offset
    else if (code === 0x55) at += value === imm ? 0 : offset
    else if (code === 0x45) at += (value & imm) === 0 ? 0 : offset
    else if (code === 0x95) return registers[0] === 1
    else throw new Error(`unknown instruction 0x${code.toString(16)}`)
  }
  throw new Error('the program does not end')
}

const nothing: DeviceRule = { allow: false }
const everything: DeviceRule = { allow: true }
const nullDevice: DeviceRule = { allow: true, type: 'c', major: 1, minor: 3, access: 'rwm' }
const readNull = { type: 'c', major: 1, minor: 3, access: 'r' } as const

const decisions: { name: string; rules: DeviceRule[]; request: Request; want: boolean }[] = [
  { name: 'no rule speaks: denied', rules: [], request: readNull, want: false },
  { name: 'all denied', rules: [nothing], request: readNull, want: false },
  { name: 'all allowed', rules: [everything], request: readNull, want: true },
  {
    name: 'one allowed after all denied',
    rules: [nothing, nullDevice],
    request: readNull,
    want: true,
  },
  {
    name: 'a later rule for all overrides',
    rules: [nullDevice, nothing],
    request: readNull,
    want: false,
  },
  {
    name: 'another minor',
    rules: [nothing, nullDevice],
    request: { ...readNull, minor: 4 },
    want: false,
  },
  {
    name: 'same numbers, block device',
    rules: [nothing, nullDevice],
    request: { ...readNull, type: 'b' },
    want: false,
  },
  {
    name: 'more access than one rule allows',
    rules: [nothing, { ...nullDevice, access: 'r' }],
    request: { ...readNull, access: 'rw' },
    want: false,
  },
  {
    name: 'access that two rules allow together',
    rules: [nothing, { ...nullDevice, access: 'r' }, { ...nullDevice, access: 'w' }],
    request: { ...readNull, access: 'rw' },
    want: true,
  },
  {
    name: 'write denied later, read stays',
    rules: [nothing, nullDevice, { ...nullDevice, allow: false, access: 'w' }],
    request: readNull,
    want: true,
  },
  {
    name: 'write denied later',
    rules: [nothing, nullDevice, { ...nullDevice, allow: false, access: 'w' }],
    request: { ...readNull, access: 'rw' },
    want: false,
  },
  {
    name: 'any minor of a major',
    rules: [nothing, { allow: true, type: 'c', major: 136, minor: -1, access: 'rw' }],
    request: { type: 'c', major: 136, minor: 77, access: 'rw' },
    want: true,
  },
  {
    name: 'mknod of everything, open of nothing',
    rules: [nothing, { allow: true, type: 'c', access: 'm' }],
    request: { type: 'c', major: 200, minor: 1, access: 'm' },
    want: true,
  },
  {
    name: 'mknod of everything does not open',
    rules: [nothing, { allow: true, type: 'c', access: 'm' }],
    request: { type: 'c', major: 200, minor: 1, access: 'rm' },
    want: false,
  },
]

for (const { name, rules, request, want } of decisions)
  t.test(name, async (t) =>
    t.equal(interpret(compileDeviceProgram(checkDeviceRules(rules)), request), want),
  )

t.test('rules that can never decide are left out', async (t) => {
  const short = compileDeviceProgram(checkDeviceRules([nothing]))
  t.same(compileDeviceProgram(checkDeviceRules([nullDevice, nullDevice, nothing])), short)
})

const refused: { name: string; rule: DeviceRule }[] = [
  { name: 'unknown access', rule: { allow: true, access: 'rx' } },
  { name: 'a number below -1', rule: { allow: true, major: -2 } },
  { name: 'a fractional number', rule: { allow: true, minor: 1.5 } },
]
for (const { name, rule } of refused)
  t.test(`refuses ${name}`, async (t) =>
    t.throws(() => checkDeviceRules([rule]), { code: 'INVALID_SPEC' }),
  )

t.test('v1 writes', async (t) => {
  const rules = checkDeviceRules([nothing, nullDevice, { allow: false, major: 8, access: 'w' }])
  t.same(
    deviceWritesV1(rules).map(({ file, value }) => `${file} ${value}`),
    ['devices.deny a', 'devices.allow c 1:3 rwm', 'devices.deny b 8:* w', 'devices.deny c 8:* w'],
  )
})
