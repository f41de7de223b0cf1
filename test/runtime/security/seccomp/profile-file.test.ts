import t from 'tap'
import {
  parseKernelRelease,
  parseProfileFile,
} from '../../../../runtime/security/seccomp/profile-file.ts'
import { resolveProfile } from '../../../../runtime/security/seccomp/resolve-profile.ts'

const moby = {
  defaultAction: 'SCMP_ACT_ERRNO',
  defaultErrnoRet: 1,
  archMap: [
    { architecture: 'SCMP_ARCH_X86_64', subArchitectures: ['SCMP_ARCH_X86'] },
    { architecture: 'SCMP_ARCH_S390X', subArchitectures: null },
  ],
  syscalls: [
    {
      names: ['read'],
      action: 'SCMP_ACT_ALLOW',
      args: null,
      comment: '',
      includes: {},
      excludes: {},
    },
    { name: 'write', action: 'SCMP_ACT_ALLOW' },
    { names: ['ptrace'], action: 'SCMP_ACT_ALLOW', includes: { minKernel: '4.8' } },
    {
      names: ['mount'],
      action: 'SCMP_ACT_ALLOW',
      includes: { caps: ['CAP_SYS_ADMIN'], arches: ['amd64'] },
    },
    {
      names: ['clone3'],
      action: 'SCMP_ACT_ERRNO',
      errnoRet: 38,
      excludes: { caps: ['CAP_SYS_ADMIN'] },
    },
  ],
}

function resolvedNames(capabilities: string[], major = 6): string[] {
  const profile = parseProfileFile(JSON.stringify(moby))
  const kernel = { major, minor: 0 }
  const section = resolveProfile(profile, { capabilities, architecture: 'x86_64', kernel })
  t.strictSame(section.architectures, ['SCMP_ARCH_X86_64', 'SCMP_ARCH_X86'])
  return (section.syscalls ?? []).flatMap(({ names }) => names)
}

t.test("Docker's form, conditions resolved", async (t) => {
  t.strictSame(resolvedNames([]), ['read', 'write', 'ptrace', 'clone3'])
  t.strictSame(resolvedNames(['CAP_SYS_ADMIN']), ['read', 'write', 'ptrace', 'mount'])
  t.strictSame(resolvedNames([], 4), ['read', 'write', 'clone3'])
})

t.test('the plain section of a configuration', async (t) => {
  const plain = {
    defaultAction: 'SCMP_ACT_ALLOW',
    architectures: ['SCMP_ARCH_X86_64'],
    syscalls: [{ names: ['chmod'], action: 'SCMP_ACT_ERRNO', errnoRet: 1 }],
  }
  const profile = parseProfileFile(JSON.stringify(plain))
  const kernel = { major: 6, minor: 1 }
  t.strictSame(resolveProfile(profile, { capabilities: [], architecture: 'x86_64', kernel }), plain)
})

const rule = { names: ['read'], action: 'SCMP_ACT_ALLOW' }
const refused: { name: string; value: unknown; field: RegExp }[] = [
  { name: 'no default action', value: { syscalls: [] }, field: /^defaultAction: / },
  {
    name: 'an unknown action',
    value: { defaultAction: 'ALLOW' },
    field: /^defaultAction: .*SCMP_ACT_ALLOW/,
  },
  {
    name: 'both lists of architectures',
    value: { ...moby, architectures: ['SCMP_ARCH_X86'] },
    field: /^archMap: /,
  },
  {
    name: 'a rule without names',
    value: { ...moby, syscalls: [{ action: 'SCMP_ACT_ALLOW' }] },
    field: /^syscalls\[0\]\.names: /,
  },
  {
    name: 'a rule with name and names',
    value: { ...moby, syscalls: [{ ...rule, name: 'write' }] },
    field: /^syscalls\[0\]\.name: /,
  },
  {
    name: 'a bad kernel version',
    value: { ...moby, syscalls: [{ ...rule, includes: { minKernel: 'new' } }] },
    field: /^syscalls\[0\]\.includes\.minKernel: /,
  },
]
for (const { name, value, field } of refused)
  t.test(`refuses ${name}`, async (t) => {
    const error = { code: 'INVALID_SPEC', detail: { fields: field } }
    t.throws(() => parseProfileFile(JSON.stringify(value)), error)
  })

t.test('kernel releases', async (t) => {
  t.strictSame(parseKernelRelease('6.18.44-cloud-amd64'), { major: 6, minor: 18 })
  t.strictSame(parseKernelRelease('3.12-rc5'), { major: 3, minor: 12 })
  t.throws(() => parseKernelRelease('next'), { code: 'INVALID_ARGUMENT' })
})
