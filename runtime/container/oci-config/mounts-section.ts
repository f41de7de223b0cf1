import type { Config, Mount } from '../../spec/config.ts'
import type { ContainerOptions } from '../options.ts'
import type { ContainerFacts } from './facts.ts'
import { systemMounts } from './system-mounts.ts'
import { identityMounts, userMount } from './user-mounts.ts'

/**
 * The `mounts` section. A mount of the user's replaces the system's at the same place; parents
 * come before children, so that nothing is hidden by a later mount above it.
 */
export function mountsSection(options: ContainerOptions, facts: ContainerFacts): Mount[] {
  const wanted = facts.mounts.map((mount) => userMount(mount, facts)).toSorted(byDepth)
  const taken = new Set(wanted.map((mount) => mount.destination))
  const isFree = ({ destination }: Mount) => !taken.has(destination)
  return [
    ...systemMounts(options, facts).filter(isFree),
    // Before the user's, which may lie on top; a user's mount at /etc would hide them, as in docker.
    ...identityMounts(facts, options.chrootDirs).filter(isFree),
    ...wanted,
  ]
}

function byDepth(a: Mount, b: Mount): number {
  return depth(a) - depth(b)
}

function depth({ destination }: Mount): number {
  return destination.split('/').length
}

type RootfsPropagation = NonNullable<NonNullable<Config['linux']>['rootfsPropagation']>

/**
 * What the root's propagation must be for the mounts: a shared or slave mount is neither when
 * the tree that it is bound from was made private first.
 */
export function rootPropagation(facts: ContainerFacts): RootfsPropagation {
  const wanted = facts.mounts.map(({ spec }) => spec.propagation ?? 'rprivate')
  if (wanted.some((mode) => mode.endsWith('shared'))) return 'shared'
  if (wanted.some((mode) => mode.endsWith('slave'))) return 'rslave'
  return 'rprivate'
}
