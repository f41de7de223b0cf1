import type { Seccomp, SeccompArchitecture, SeccompRule } from '../../spec/seccomp.ts'
import type { KernelVersion } from './action.ts'

/** When a rule applies. Every condition that is present must hold. */
export interface RuleFilter {
  /** Full names; the container's bounding set must have all (includes) or any (excludes). */
  readonly caps?: readonly string[] | undefined
  /** In Go's words: `amd64`, `arm64`. */
  readonly arches?: readonly string[] | undefined
  readonly minKernel?: KernelVersion | undefined
}

export interface ProfileRule extends SeccompRule {
  readonly includes?: RuleFilter | undefined
  readonly excludes?: RuleFilter | undefined
}

/** A profile as Docker writes it: the section of a configuration, with conditions on its rules. */
export interface Profile extends Omit<Seccomp, 'syscalls'> {
  /** The other ABIs to let in, by the native one; instead of `architectures`. */
  readonly archMap?:
    | readonly {
        readonly architecture: SeccompArchitecture
        readonly subArchitectures?: readonly SeccompArchitecture[] | undefined
      }[]
    | undefined
  readonly syscalls?: readonly ProfileRule[] | undefined
}
