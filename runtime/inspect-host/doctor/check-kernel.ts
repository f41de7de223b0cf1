import type { HostFacts } from '../host-facts.ts'
import { isAtLeast } from '../host-facts.ts'
import type { Finding } from './finding.ts'
import { startChecks } from './finding.ts'
import type { SyscallAnswer } from './probe-syscalls.ts'

interface Feature {
  readonly call: string
  readonly since: string
  readonly isRequired: boolean
  readonly use: string
  readonly gap: string
}

const features: readonly Feature[] = [
  {
    call: 'openat2',
    since: '5.6',
    isRequired: true,
    use: 'paths of a container are opened without races',
    gap: 'paths inside a container cannot be opened safely',
  },
  {
    call: 'clone3',
    since: '5.7',
    isRequired: true,
    use: 'a container is born inside its control group',
    gap: 'no container can be started',
  },
  {
    call: 'open_tree',
    since: '5.2',
    isRequired: true,
    use: 'root file systems never show in the host mount table',
    gap: 'no root file system can be put together',
  },
  {
    call: 'fsopen',
    since: '5.2',
    isRequired: true,
    use: 'file systems are made detached',
    gap: 'no root file system can be put together',
  },
  {
    call: 'mount_setattr',
    since: '5.12',
    isRequired: false,
    use: 'recursive read-only and idmapped mounts',
    gap: 'no recursive read-only mounts, no idmapped mounts (--userns with volumes)',
  },
  {
    call: 'pidfd_open',
    since: '5.3',
    isRequired: true,
    use: 'signals and exec never hit a reused pid',
    gap: 'exec and kill cannot be made safe',
  },
  {
    call: 'close_range',
    since: '5.11',
    isRequired: true,
    use: 'no descriptor leaks into a container',
    gap: 'descriptors of the host would leak into containers',
  },
  {
    call: 'seccomp',
    since: '3.17',
    isRequired: false,
    use: 'system calls are filtered',
    gap: 'containers run only with --security-opt seccomp=unconfined',
  },
  {
    call: 'bpf',
    since: '4.15',
    isRequired: false,
    use: 'device rules without the v1 devices controller',
    gap: 'device rules need the v1 devices controller',
  },
  {
    call: 'landlock_create_ruleset',
    since: '5.13',
    isRequired: false,
    use: 'programs inside may sandbox themselves further',
    gap: 'programs inside cannot use Landlock',
  },
]

/** Kernel version and system calls. */
export function checkKernel(
  { kernel, rootless }: HostFacts,
  answers: ReadonlyMap<string, SyscallAnswer>,
): Finding[] {
  const checks = startChecks('kernel')
  checks.require('version', isAtLeast(kernel, 5, 12), {
    ok: `Linux ${kernel.release}`,
    gap: `Linux ${kernel.release} is older than 5.12, which the runtime needs`,
    fix: 'Install a newer kernel of the distribution (Debian 12 has 6.1) and reboot',
  })
  for (const { call, since, isRequired, use, gap } of features) {
    const answer = answers.get(call) ?? 'unknown'
    // An ordinary user may make these calls in a user namespace of its own, and will.
    const holds = answer === 'works' || (rootless && answer === 'forbidden')
    const check = isRequired ? checks.require : checks.prefer
    check(call, holds || answer === 'unknown', {
      ok: answer === 'unknown' ? `not tried (the FFI library is not built); ${use}` : use,
      gap: answer === 'forbidden' ? `the kernel forbids it to us: ${gap}` : gap,
      fix:
        answer === 'forbidden'
          ? 'Run as root and outside of a container that filters this system call'
          : `Boot Linux ${since} or newer`,
    })
  }
  return checks.findings
}
