import type { Architecture } from '../../../native/syscall-numbers/number.ts'
import type { Seccomp, SeccompArchitecture, SeccompRule } from '../../spec/seccomp.ts'
import { allAbis } from './abi.ts'
import { isAtLeast } from './action.ts'
import type { KernelVersion } from './action.ts'
import type { Profile, ProfileRule, RuleFilter } from './profile.ts'

export interface ResolveOptions {
  /** The container's bounding set, full names. */
  readonly capabilities: readonly string[]
  readonly architecture: Architecture
  readonly kernel: KernelVersion
}

const goArchitectures: Readonly<Record<Architecture, string>> = {
  x86_64: 'amd64',
  aarch64: 'arm64',
}

const resolved = new WeakMap<Profile, Map<string, Seccomp>>()

/**
 * The rules of a profile that apply to one container on this machine. Equal questions get the
 * same object, so that `compileSeccomp` finds its filter again: treat it as read-only.
 */
export function resolveProfile(profile: Profile, options: ResolveOptions): Seccomp {
  const kept = resolved.get(profile) ?? new Map<string, Seccomp>()
  resolved.set(profile, kept)
  const key = cacheKey(profile, options)
  const result = kept.get(key) ?? resolve(profile, options)
  kept.set(key, result)
  return result
}

/** Capabilities that no rule mentions make no difference. */
function cacheKey({ syscalls = [] }: Profile, options: ResolveOptions): string {
  const { capabilities, architecture, kernel } = options
  const mentioned = new Set(
    syscalls.flatMap(({ includes, excludes }) => [
      ...(includes?.caps ?? []),
      ...(excludes?.caps ?? []),
    ]),
  )
  const relevant = [...mentioned].filter((name) => capabilities.includes(name)).toSorted()
  return `${architecture} ${kernel.major}.${kernel.minor} ${relevant.join(' ')}`
}

function resolve(profile: Profile, options: ResolveOptions): Seccomp {
  const { archMap, syscalls = [], ...section } = profile
  const architectures = archMap === undefined ? section.architectures : fromMap(archMap, options)
  return {
    ...section,
    ...(architectures === undefined ? {} : { architectures }),
    syscalls: syscalls.filter((rule) => applies(rule, options)).map(withoutFilters),
  }
}

function fromMap(
  archMap: NonNullable<Profile['archMap']>,
  { architecture }: ResolveOptions,
): SeccompArchitecture[] {
  const [native] = allAbis(architecture)
  const entry = archMap.find((candidate) => candidate.architecture === native.name)
  return [native.name, ...(entry?.subArchitectures ?? [])]
}

function applies({ includes, excludes }: ProfileRule, options: ResolveOptions): boolean {
  return !isExcluded(excludes, options) && isIncluded(includes, options)
}

function isIncluded(filter: RuleFilter | undefined, options: ResolveOptions): boolean {
  const { caps = [], arches = [], minKernel } = filter ?? {}
  if (arches.length > 0 && !arches.includes(goArchitectures[options.architecture])) return false
  if (minKernel && !isAtLeast(options.kernel, minKernel.major, minKernel.minor)) return false
  return caps.every((name) => options.capabilities.includes(name))
}

function isExcluded(filter: RuleFilter | undefined, options: ResolveOptions): boolean {
  const { caps = [], arches = [], minKernel } = filter ?? {}
  if (arches.includes(goArchitectures[options.architecture])) return true
  if (minKernel && isAtLeast(options.kernel, minKernel.major, minKernel.minor)) return true
  return caps.some((name) => options.capabilities.includes(name))
}

function withoutFilters({ names, action, errnoRet, args }: ProfileRule): SeccompRule {
  return {
    names,
    action,
    ...(errnoRet === undefined ? {} : { errnoRet }),
    ...(args === undefined ? {} : { args }),
  }
}
