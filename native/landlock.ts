import { declareSyscall } from './ffi/library.ts'

// Landlock (landlock(7)). A container's own rules are steps of its program; here is only the question what the kernel has.

const createRuleset = declareSyscall('landlock_create_ruleset', ['void *', 'long', 'long'])

const LANDLOCK_CREATE_RULESET_VERSION = 1

/**
 * Version of the kernel's Landlock interface, landlock_create_ruleset(2).
 *
 * @returns 0 where the kernel has none, or was booted without it
 */
export function landlockVersion(): number {
  return Math.max(0, Number(createRuleset(null, 0, LANDLOCK_CREATE_RULESET_VERSION)))
}
