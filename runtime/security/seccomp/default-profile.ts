import type { SeccompArgument } from '../../spec/seccomp.ts'
import { ENOSYS, EPERM } from './action.ts'
import { allowedCalls } from './allowed-calls.ts'
import type { Profile, ProfileRule } from './profile.ts'

/** CLONE_NEW… of namespaces(7) but NEWTIME, which shares its bit with the exit signal. */
const CLONE_NAMESPACES = 0x7e02_0000

const LOW_HALF = 0xffff_ffff

/**
 * Address families as mask and value: all up to 47, the kernel's last being 45, without AF_ALG
 * (38, kernel crypto: CVE-2026-31431) and AF_VSOCK (40, a way to the hypervisor and its host).
 *
 * Only the low half of the argument is compared. socket(2) takes an int and the kernel drops the
 * upper half, so a rule such as "greater than 40" would let 0x1_0000_0026 in, which is AF_ALG.
 */
const socketFamilies: readonly (readonly [mask: number, value: number])[] = [
  [0xffff_ffe0, 0], // 0 to 31
  [0xffff_fffc, 32], // to 35
  [0xffff_fffe, 36], // and 37
  [LOW_HALF, 39],
  [LOW_HALF, 41],
  [0xffff_fffe, 42], // and 43
  [0xffff_fffc, 44], // to 47
]

/** PER_LINUX and PER_LINUX32, each with and without UNAME26, and the question what it is. */
const personalities = [0x0, 0x8, 0x2_0000, 0x2_0008, 0xffff_ffff]

function allow(names: string, conditions: Partial<ProfileRule> = {}): ProfileRule {
  return { names: names.trim().split(/\s+/), action: 'SCMP_ACT_ALLOW', ...conditions }
}

function withCapability(capability: string, names: string): ProfileRule {
  return allow(names, { includes: { caps: [capability] } })
}

function maskedEqual(mask: number, value: number): SeccompArgument[] {
  return [{ index: 0, value: mask, valueTwo: value, op: 'SCMP_CMP_MASKED_EQ' }]
}

/**
 * What a container may ask of the kernel unless told otherwise: Docker's profile in what it allows
 * and denies (moby/profiles, seccomp, 2026), for the machines we run on. Denied calls get EPERM,
 * calls newer than the list ENOSYS. On 32-bit x86 `socketcall` reaches every address family, because
 * a filter cannot see behind its pointer; Docker leaves that open too, and old programs need it.
 *
 * @see https://docs.docker.com/engine/security/seccomp/
 */
export const defaultProfile: Profile = {
  defaultAction: 'SCMP_ACT_ERRNO',
  defaultErrnoRet: EPERM,
  archMap: [
    {
      architecture: 'SCMP_ARCH_X86_64',
      subArchitectures: ['SCMP_ARCH_X86', 'SCMP_ARCH_X32'],
    },
    { architecture: 'SCMP_ARCH_AARCH64', subArchitectures: ['SCMP_ARCH_ARM'] },
  ],
  syscalls: [
    { names: [...allowedCalls], action: 'SCMP_ACT_ALLOW' },
    // Before 4.8 a tracer could change the call after the filter had passed it.
    allow('process_vm_readv process_vm_writev ptrace', {
      includes: { minKernel: { major: 4, minor: 8 } },
    }),
    ...socketFamilies.map(([mask, value]) => allow('socket', { args: maskedEqual(mask, value) })),
    ...personalities.map((value) =>
      allow('personality', { args: [{ index: 0, value, op: 'SCMP_CMP_EQ' }] }),
    ),
    allow('arm_fadvise64_64 arm_sync_file_range sync_file_range2 breakpoint cacheflush set_tls', {
      includes: { arches: ['arm', 'arm64'] },
    }),
    allow('arch_prctl', { includes: { arches: ['amd64', 'x32'] } }),
    allow('modify_ldt', { includes: { arches: ['amd64', 'x32', 'x86'] } }),
    withCapability('CAP_DAC_READ_SEARCH', 'open_by_handle_at'),
    withCapability(
      'CAP_SYS_ADMIN',
      `bpf clone clone3 fanotify_init fsconfig fsmount fsopen fspick lookup_dcookie
       lsm_get_self_attr lsm_list_modules lsm_set_self_attr mount mount_setattr move_mount open_tree
       perf_event_open quotactl quotactl_fd setdomainname sethostname setns syslog umount umount2
       unshare`,
    ),
    allow('clone', {
      args: maskedEqual(CLONE_NAMESPACES, 0),
      excludes: { caps: ['CAP_SYS_ADMIN'] },
    }),
    // Its flags lie in memory, out of a filter's sight. ENOSYS sends the C library back to clone.
    {
      names: ['clone3'],
      action: 'SCMP_ACT_ERRNO',
      errnoRet: ENOSYS,
      excludes: { caps: ['CAP_SYS_ADMIN'] },
    },
    withCapability('CAP_SYS_BOOT', 'reboot'),
    withCapability('CAP_SYS_CHROOT', 'chroot'),
    withCapability('CAP_SYS_MODULE', 'delete_module init_module finit_module'),
    withCapability('CAP_SYS_PACCT', 'acct'),
    withCapability(
      'CAP_SYS_PTRACE',
      'kcmp pidfd_getfd process_madvise process_vm_readv process_vm_writev ptrace',
    ),
    withCapability('CAP_SYS_RAWIO', 'iopl ioperm'),
    withCapability('CAP_SYS_TIME', 'settimeofday stime clock_settime clock_settime64'),
    withCapability('CAP_SYS_TTY_CONFIG', 'vhangup'),
    withCapability('CAP_SYS_NICE', 'get_mempolicy mbind set_mempolicy set_mempolicy_home_node'),
    withCapability('CAP_SYSLOG', 'syslog'),
    withCapability('CAP_BPF', 'bpf'),
    withCapability('CAP_PERFMON', 'perf_event_open'),
  ],
}
