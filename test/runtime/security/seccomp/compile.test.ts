import t from 'tap'
import { syscallNumber } from '../../../../native/syscall-numbers/number.ts'
import type { Architecture } from '../../../../native/syscall-numbers/number.ts'
import { defaultCapabilities } from '../../../../runtime/security/capabilities.ts'
import { describeReturn } from '../../../../runtime/security/seccomp/action.ts'
import { compileSeccomp } from '../../../../runtime/security/seccomp/compile.ts'
import { defaultProfile } from '../../../../runtime/security/seccomp/default-profile.ts'
import { interpretFilter } from '../../../../runtime/security/seccomp/interpret.ts'
import { resolveProfile } from '../../../../runtime/security/seccomp/resolve-profile.ts'
import type { Seccomp, SeccompRule } from '../../../../runtime/spec/seccomp.ts'
import { readSeccomp } from './naive-reading.ts'
import type { Call } from './naive-reading.ts'
import { randomCall, randomProfile, randomValue, seededRandom } from './random-profile.ts'

const kernel = { major: 6, minor: 18 }
const options = { architecture: 'x86_64', kernel } as const
const X86_64 = 0xc000003e

/** Audit architectures of the other machine: a filter for this one knows none of them. */
const otherMachine: Readonly<Record<Architecture, readonly number[]>> = {
  x86_64: [0xc00000b7, 0x40000028],
  aarch64: [X86_64, 0x40000003],
}

function expected(seccomp: Seccomp, call: Call, architecture: Architecture): string {
  const isForeign = otherMachine[architecture].includes(call.arch)
  return describeReturn(isForeign ? 0x80000000 : readSeccomp(seccomp, call))
}

for (const architecture of ['x86_64', 'aarch64'] as const)
  t.test(`random profiles on ${architecture} do what a plain reading says`, async (t) => {
    const random = seededRandom(20260821)
    let wrong = 0
    for (let round = 0; round < 150; round++) {
      const seccomp = randomProfile(random)
      const { filter } = compileSeccomp(seccomp, { architecture, kernel })
      for (let turn = 0; turn < 200; turn++) {
        const call = randomCall(random)
        const got = describeReturn(interpretFilter(filter, call))
        const want = expected(seccomp, call, architecture)
        if (got !== want && wrong++ === 0) t.same({ call, got }, { call, got: want })
      }
    }
    t.equal(wrong, 0)
  })

for (const architecture of ['x86_64', 'aarch64'] as const)
  t.test(`the default profile on ${architecture}, every number of every ABI`, async (t) => {
    const random = seededRandom(7)
    const choice = { capabilities: defaultCapabilities, architecture, kernel }
    const seccomp = resolveProfile(defaultProfile, choice)
    const { filter, instructions } = compileSeccomp(seccomp, { architecture, kernel })
    t.ok(instructions < 400, `${instructions} instructions`)
    for (const arch of [X86_64, 0x40000003, 0xc00000b7, 0x40000028])
      for (const base of [0, 0x40000000, 983040])
        for (let offset = 0; offset < 560; offset++) {
          const args = Array.from({ length: 6 }, () => randomValue(random))
          const call = { nr: base + offset, arch, args }
          const got = describeReturn(interpretFilter(filter, call))
          const want = expected(seccomp, call, architecture)
          if (got !== want) return t.same({ call, got }, { call, got: want })
        }
    return t.pass('all alike')
  })

const deny = { action: 'SCMP_ACT_ERRNO', errnoRet: 13 } as const
const number = (name: string): number => syscallNumber(name, 'x86_64')

const readings: { name: string; rules: SeccompRule[]; args?: bigint[]; want: string }[] = [
  { name: 'no rule', rules: [], want: 'ALLOW' },
  {
    name: 'a rule that equals the default is absent',
    rules: [
      { names: ['dup'], action: 'SCMP_ACT_ALLOW' },
      { names: ['dup'], ...deny, args: [{ index: 0, value: 1, op: 'SCMP_CMP_EQ' }] },
    ],
    args: [1n],
    want: 'ERRNO(13)',
  },
  {
    name: 'a rule without arguments decides alone',
    rules: [
      {
        names: ['dup'],
        action: 'SCMP_ACT_TRAP',
        args: [{ index: 0, value: 1, op: 'SCMP_CMP_EQ' }],
      },
      { names: ['dup'], ...deny },
    ],
    args: [1n],
    want: 'ERRNO(13)',
  },
  {
    name: 'two arguments must both match',
    rules: [
      {
        names: ['dup'],
        ...deny,
        args: [
          { index: 0, value: 1, op: 'SCMP_CMP_EQ' },
          { index: 1, value: 2, op: 'SCMP_CMP_EQ' },
        ],
      },
    ],
    args: [1n, 3n],
    want: 'ALLOW',
  },
  {
    name: 'the same index twice means either',
    rules: [
      {
        names: ['dup'],
        ...deny,
        args: [
          { index: 0, value: 1, op: 'SCMP_CMP_EQ' },
          { index: 0, value: 2, op: 'SCMP_CMP_EQ' },
        ],
      },
    ],
    args: [2n],
    want: 'ERRNO(13)',
  },
  {
    name: 'the upper half counts',
    rules: [{ names: ['dup'], ...deny, args: [{ index: 0, value: 1, op: 'SCMP_CMP_EQ' }] }],
    args: [0x1_0000_0001n],
    want: 'ALLOW',
  },
  {
    name: 'unsigned order',
    rules: [{ names: ['dup'], ...deny, args: [{ index: 0, value: 5, op: 'SCMP_CMP_GT' }] }],
    args: [2n ** 64n - 1n],
    want: 'ERRNO(13)',
  },
  {
    name: 'errno defaults to EPERM',
    rules: [{ names: ['dup'], action: 'SCMP_ACT_ERRNO' }],
    want: 'ERRNO(1)',
  },
  {
    name: 'trace carries its message',
    rules: [{ names: ['dup'], action: 'SCMP_ACT_TRACE', errnoRet: 77 }],
    want: 'TRACE(77)',
  },
  {
    name: 'kill means the thread',
    rules: [{ names: ['dup'], action: 'SCMP_ACT_KILL' }],
    want: 'KILL_THREAD',
  },
]
for (const { name, rules, args = [], want } of readings)
  t.test(name, async (t) => {
    const seccomp: Seccomp = { defaultAction: 'SCMP_ACT_ALLOW', syscalls: rules }
    const { filter } = compileSeccomp(seccomp, options)
    const got = interpretFilter(filter, { nr: number('dup'), arch: X86_64, args })
    t.equal(describeReturn(got), want)
  })

t.test('calls newer than the profile get ENOSYS, older unnamed ones the default', async (t) => {
  const rule: SeccompRule = { names: ['openat2'], action: 'SCMP_ACT_ALLOW' }
  const { filter } = compileSeccomp({ defaultAction: 'SCMP_ACT_ERRNO', syscalls: [rule] }, options)
  const ask = (nr: number): string => describeReturn(interpretFilter(filter, { nr, arch: X86_64 }))
  t.equal(ask(number('clone3')), 'ERRNO(1)')
  t.equal(ask(number('openat2')), 'ALLOW')
  t.equal(ask(number('openat2') + 1), 'ERRNO(38)')
  t.equal(ask(0xffffffff), 'ERRNO(1)')
})

t.test('flags', async (t) => {
  const flagsOf = (seccomp: Partial<Seccomp>): number =>
    compileSeccomp({ defaultAction: 'SCMP_ACT_ALLOW', ...seccomp }, options).flags
  const notify: SeccompRule[] = [{ names: ['mount'], action: 'SCMP_ACT_NOTIFY' }]
  t.equal(flagsOf({}), 4)
  t.equal(flagsOf({ flags: [] }), 0)
  t.equal(flagsOf({ flags: ['SECCOMP_FILTER_FLAG_LOG'] }), 2)
  t.equal(flagsOf({ flags: [], syscalls: notify }), 8)
  t.equal(flagsOf({ flags: ['SECCOMP_FILTER_FLAG_TSYNC'], syscalls: notify }), 1 + 8 + 16)
  t.equal(flagsOf({ flags: ['SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV'], syscalls: notify }), 8 + 32)
  t.equal(flagsOf({ flags: ['SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV'] }), 0)
  t.equal(
    compileSeccomp({ defaultAction: 'SCMP_ACT_ALLOW', syscalls: notify }, options).hasListener,
    true,
  )
})

t.test('what an old kernel lacks is refused, not turned into "kill"', async (t) => {
  const old = { architecture: 'x86_64', kernel: { major: 4, minor: 4 } } as const
  t.throws(() => compileSeccomp({ defaultAction: 'SCMP_ACT_LOG' }, old), { code: 'UNSUPPORTED' })
  t.equal(compileSeccomp({ defaultAction: 'SCMP_ACT_ALLOW' }, old).flags, 0)
})

t.test('a profile of more than 4096 instructions is refused', async (t) => {
  const syscalls = Array.from({ length: 600 }, (_, value): SeccompRule => ({
    names: ['ioctl'],
    ...deny,
    args: [
      { index: 1, value: value * 7, op: 'SCMP_CMP_EQ' },
      { index: 2, value, op: 'SCMP_CMP_EQ' },
    ],
  }))
  const seccomp: Seccomp = { defaultAction: 'SCMP_ACT_ALLOW', syscalls }
  t.throws(() => compileSeccomp(seccomp, options), {
    code: 'INVALID_SPEC',
    detail: { limit: 4096 },
  })
})

t.test('the filter of a section object is compiled once', async (t) => {
  const seccomp: Seccomp = { defaultAction: 'SCMP_ACT_ALLOW' }
  t.equal(compileSeccomp(seccomp, options), compileSeccomp(seccomp, options))
  const other = { ...options, kernel: { major: 6, minor: 1 } }
  t.not(compileSeccomp(seccomp, options), compileSeccomp(seccomp, other))
})
