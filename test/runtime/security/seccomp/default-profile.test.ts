import t from 'tap'
import { syscallNumber } from '../../../../native/syscall-numbers/number.ts'
import { defaultCapabilities } from '../../../../runtime/security/capabilities.ts'
import { describeReturn } from '../../../../runtime/security/seccomp/action.ts'
import { allowedCalls } from '../../../../runtime/security/seccomp/allowed-calls.ts'
import { compileSeccomp } from '../../../../runtime/security/seccomp/compile.ts'
import { defaultProfile } from '../../../../runtime/security/seccomp/default-profile.ts'
import { interpretFilter } from '../../../../runtime/security/seccomp/interpret.ts'
import { resolveProfile } from '../../../../runtime/security/seccomp/resolve-profile.ts'

const kernel = { major: 6, minor: 18 }
const AF_ALG = 38n
const AF_VSOCK = 40n

/** What the default profile says on x86_64 to a container with more capabilities than Docker's. */
function ask(name: string, args: bigint[] = [], more: string[] = []): string {
  const capabilities = [...defaultCapabilities, ...more]
  const options = { architecture: 'x86_64', kernel } as const
  const { filter } = compileSeccomp(
    resolveProfile(defaultProfile, { capabilities, ...options }),
    options,
  )
  const nr = syscallNumber(name, 'x86_64')
  return describeReturn(interpretFilter(filter, { nr, arch: 0xc000003e, args }))
}

t.test('the unconditional list', async (t) => {
  t.equal(allowedCalls.length, 361)
  t.equal(new Set(allowedCalls).size, 361)
})

const rows: { name: string; args?: bigint[]; more?: string[]; want: string }[] = [
  { name: 'getpid', want: 'ALLOW' },
  { name: 'ptrace', want: 'ALLOW' },
  { name: 'mount', want: 'ERRNO(1)' },
  { name: 'mount', more: ['CAP_SYS_ADMIN'], want: 'ALLOW' },
  { name: 'unshare', args: [0x1000_0000n], want: 'ERRNO(1)' },
  { name: 'clone', args: [0x11n], want: 'ALLOW' },
  { name: 'clone', args: [0x1000_0011n], want: 'ERRNO(1)' },
  { name: 'clone', args: [0x1000_0011n], more: ['CAP_SYS_ADMIN'], want: 'ALLOW' },
  { name: 'clone3', want: 'ERRNO(38)' },
  { name: 'clone3', more: ['CAP_SYS_ADMIN'], want: 'ALLOW' },
  { name: 'io_uring_setup', want: 'ERRNO(1)' },
  { name: 'keyctl', want: 'ERRNO(1)' },
  { name: 'file_getattr', want: 'ERRNO(38)' },
  { name: 'chroot', want: 'ALLOW' },
  { name: 'reboot', want: 'ERRNO(1)' },
  { name: 'bpf', more: ['CAP_BPF'], want: 'ALLOW' },
  { name: 'personality', args: [0xffff_ffffn], want: 'ALLOW' },
  { name: 'personality', args: [0x4_0000n], want: 'ERRNO(1)' },
]
for (const { name, args = [], more = [], want } of rows)
  t.test(`${name}(${args.join()}) ${more.join()} ${want}`, async (t) => {
    t.equal(ask(name, args, more), want)
  })

t.test('CVE-2026-31431: sockets of every family but AF_ALG and AF_VSOCK', async (t) => {
  for (let family = 0n; family <= 45n; family++) {
    const want = family === AF_ALG || family === AF_VSOCK ? 'ERRNO(1)' : 'ALLOW'
    t.equal(ask('socket', [family]), want, `family ${family}`)
  }
})

t.test('a family does not pass in disguise: the kernel drops the upper half', async (t) => {
  for (const upper of [1n << 32n, 1n << 63n, 0xffff_ffffn << 32n]) {
    t.equal(ask('socket', [AF_ALG + upper]), 'ERRNO(1)')
    t.equal(ask('socket', [AF_VSOCK + upper]), 'ERRNO(1)')
  }
})

t.test('equal questions get the same section', async (t) => {
  const question = { capabilities: ['CAP_KILL'], architecture: 'aarch64', kernel } as const
  const same = { ...question, capabilities: ['CAP_CHOWN'] }
  const other = { ...question, capabilities: ['CAP_SYS_ADMIN'] }
  const answer = resolveProfile(defaultProfile, question)
  t.equal(resolveProfile(defaultProfile, same), answer)
  t.not(resolveProfile(defaultProfile, other), answer)
  t.strictSame(answer.architectures, ['SCMP_ARCH_AARCH64', 'SCMP_ARCH_ARM'])
})

t.test('an old kernel keeps ptrace out', async (t) => {
  const old = { major: 4, minor: 4 }
  const question = {
    capabilities: defaultCapabilities,
    architecture: 'x86_64',
    kernel: old,
  } as const
  const names = resolveProfile(defaultProfile, question).syscalls?.flatMap((rule) => rule.names)
  t.notOk(names?.includes('ptrace'))
})
