import * as z from 'zod/mini'
import { optional, text } from './field.ts'
import { integer, uint32, uint64 } from './integer.ts'
import { once } from './once.ts'

export const seccompActions = [
  'SCMP_ACT_KILL',
  'SCMP_ACT_KILL_PROCESS',
  'SCMP_ACT_KILL_THREAD',
  'SCMP_ACT_TRAP',
  'SCMP_ACT_ERRNO',
  'SCMP_ACT_TRACE',
  'SCMP_ACT_ALLOW',
  'SCMP_ACT_LOG',
  'SCMP_ACT_NOTIFY',
] as const

export const seccompOperators = [
  'SCMP_CMP_NE',
  'SCMP_CMP_LT',
  'SCMP_CMP_LE',
  'SCMP_CMP_EQ',
  'SCMP_CMP_GE',
  'SCMP_CMP_GT',
  'SCMP_CMP_MASKED_EQ',
] as const

export const seccompArchitectures = [
  'SCMP_ARCH_X86',
  'SCMP_ARCH_X86_64',
  'SCMP_ARCH_X32',
  'SCMP_ARCH_ARM',
  'SCMP_ARCH_AARCH64',
  'SCMP_ARCH_LOONGARCH64',
  'SCMP_ARCH_M68K',
  'SCMP_ARCH_MIPS',
  'SCMP_ARCH_MIPS64',
  'SCMP_ARCH_MIPS64N32',
  'SCMP_ARCH_MIPSEL',
  'SCMP_ARCH_MIPSEL64',
  'SCMP_ARCH_MIPSEL64N32',
  'SCMP_ARCH_PPC',
  'SCMP_ARCH_PPC64',
  'SCMP_ARCH_PPC64LE',
  'SCMP_ARCH_S390',
  'SCMP_ARCH_S390X',
  'SCMP_ARCH_SH',
  'SCMP_ARCH_SHEB',
  'SCMP_ARCH_PARISC',
  'SCMP_ARCH_PARISC64',
  'SCMP_ARCH_RISCV64',
] as const

export const seccompFlags = [
  'SECCOMP_FILTER_FLAG_TSYNC',
  'SECCOMP_FILTER_FLAG_LOG',
  'SECCOMP_FILTER_FLAG_SPEC_ALLOW',
  'SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV',
] as const

const argumentSchema = once(() =>
  z.object({
    /** Which of the six arguments, from 0. */
    index: integer(0, 5),
    /** For SCMP_CMP_MASKED_EQ this is the mask, and `valueTwo` what must remain. */
    value: uint64(),
    valueTwo: optional(uint64()),
    op: z.enum(seccompOperators),
  }),
)

/** Fields of one rule; a profile file has more of them than a configuration. */
export const seccompRuleShape = once(() => ({
  names: z.array(text()).check(z.minLength(1)),
  action: z.enum(seccompActions),
  /** Error number for SCMP_ACT_ERRNO, message for SCMP_ACT_TRACE. Absent: EPERM. */
  errnoRet: optional(uint32()),
  /** All must match; where two name the same argument, any one of them. */
  args: optional(z.array(argumentSchema())),
}))

/** Fields of the section apart from its rules. */
export const seccompShape = once(() => ({
  defaultAction: z.enum(seccompActions),
  defaultErrnoRet: optional(uint32()),
  architectures: optional(z.array(z.enum(seccompArchitectures))),
  /** Absent: SPEC_ALLOW; an empty list: none. */
  flags: optional(z.array(z.enum(seccompFlags))),
  /** Unix socket that gets the listener's descriptor for SCMP_ACT_NOTIFY. */
  listenerPath: optional(text()),
  listenerMetadata: optional(text()),
}))

const ruleSchema = once(() => z.object(seccompRuleShape()))

/** @see https://github.com/opencontainers/runtime-spec/blob/v1.3.0/config-linux.md#seccomp */
export const seccompSchema = once(() =>
  z.object({ ...seccompShape(), syscalls: optional(z.array(ruleSchema())) }),
)

export type Seccomp = z.infer<ReturnType<typeof seccompSchema>>
export type SeccompRule = z.infer<ReturnType<typeof ruleSchema>>
export type SeccompArgument = z.infer<ReturnType<typeof argumentSchema>>
export type SeccompAction = (typeof seccompActions)[number]
export type SeccompArchitecture = (typeof seccompArchitectures)[number]
export type SeccompFlag = (typeof seccompFlags)[number]
