// What has to be done so that a container lives in its control groups, as plain data.

import type { CgroupResources } from './resources.ts'
import type { CgroupHierarchy } from './hierarchy.ts'

/** One value written to one cgroup file. */
export interface CgroupWrite {
  /** Absolute path. */
  readonly file: string
  readonly value: string
  readonly why: string
  /** Document that defines the file. */
  readonly source: string
  /** Errno names that do not matter here. */
  readonly tolerate?: readonly string[]
}

/** A container's control groups, as its record stores them. */
export interface CgroupLocation {
  /** Path below the place where we make groups, e.g. `/mycontainer/web`. */
  readonly path: string
  /** Absolute v2 folder: tracking, kill, freeze, and limits where v2 has the controllers. */
  readonly v2?: string | undefined
  /** Joined v1 groups: controller to absolute folder. */
  readonly v1: Readonly<Record<string, string>>
}

export interface CgroupPlan {
  readonly location: CgroupLocation
  /** To be made in this order; EEXIST is tolerated for shared parents only. */
  readonly folders: readonly {
    readonly path: string
    readonly why: string
    readonly isShared: boolean
  }[]
  /** v2 `cgroup.subtree_control` of the parents, v1 cpuset inheritance. */
  readonly prepare: readonly CgroupWrite[]
  /** Before the container's first process. */
  readonly limits: readonly CgroupWrite[]
  /** v2 folder for CLONE_INTO_CGROUP. */
  readonly cloneInto: string | undefined
  /** v1 `cgroup.procs` files into which the init writes "0"; each costs 6 to 10 ms after idle. */
  readonly join: readonly string[]
  /** BPF_PROG_TYPE_CGROUP_DEVICE instructions to load and attach to `cloneInto`. */
  readonly devices: Uint8Array | undefined
  /** Where `oom_kill` is read afterwards. */
  readonly oom: { readonly kind: 'v1' | 'v2'; readonly folder: string } | undefined
  /** Folders to remove, leaf first. Shared parents stay. */
  readonly cleanup: readonly string[]
  /** What was left out safely. */
  readonly warnings: readonly string[]
}

export interface CgroupRequest {
  readonly hierarchy: CgroupHierarchy
  readonly resources?: CgroupResources | undefined
  /**
   * OCI `cgroupsPath`, or `/mycontainer/<id>`. Absolute: from the top of the place where we make
   * groups; relative: below `/mycontainer`.
   */
  readonly cgroupPath: string
  /** In a user namespace device rules are left out: it can make no device nodes anyway. */
  readonly rootless: boolean
}
