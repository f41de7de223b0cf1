import t from 'tap'
import { compileSeccomp } from '../../../../runtime/security/seccomp/compile.ts'
import { disassembleFilter } from '../../../../runtime/security/seccomp/disassemble.ts'
import { interpretFilter } from '../../../../runtime/security/seccomp/interpret.ts'

t.test('a listing reads as the filter runs', async (t) => {
  const { filter } = compileSeccomp(
    {
      defaultAction: 'SCMP_ACT_ALLOW',
      syscalls: [
        {
          names: ['read'],
          action: 'SCMP_ACT_ERRNO',
          errnoRet: 5,
          args: [{ index: 1, value: 0xff, valueTwo: 7, op: 'SCMP_CMP_MASKED_EQ' }],
        },
      ],
    },
    { architecture: 'aarch64', kernel: { major: 6, minor: 18 } },
  )
  t.strictSame(disassembleFilter(filter), [
    '   0  A = arch',
    '   1  if A == aarch64 goto 2 else 10',
    '   2  A = nr',
    '   3  if A >= 0x3f goto 4 else 9',
    '   4  if A >= 0x40 goto 9 else 5',
    '   5  A = args[1].low',
    '   6  A &= 0xff',
    '   7  if A == 0x7 goto 8 else 9',
    '   8  return ERRNO(5)',
    '   9  return ALLOW',
    '  10  return KILL_PROCESS',
  ])
})

t.test('the interpreter refuses what the kernel would', async (t) => {
  const call = { nr: 0, arch: 0 }
  t.throws(() => interpretFilter(new Uint8Array(0), call), { code: 'INTERNAL' })
  t.throws(() => interpretFilter(Uint8Array.of(0xff, 0, 0, 0, 0, 0, 0, 0), call), {
    code: 'INTERNAL',
  })
  t.throws(() => interpretFilter(Uint8Array.of(0x20, 0, 0, 0, 64, 0, 0, 0), call), {
    code: 'INTERNAL',
  })
})
