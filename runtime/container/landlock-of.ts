import { OperationError } from '../../native/error.ts'
import { landlockVersion } from '../../native/landlock.ts'
import { landlockExecRules, landlockRules, landlockVersionNeeded } from '../security/landlock.ts'
import type { LandlockLevel, LandlockRules } from '../security/landlock.ts'
import type { Config } from '../spec/config.ts'
import type { ContainerOptions } from './options.ts'

/**
 * Landlock's part in a container.
 *
 * @throws {OperationError} `UNSUPPORTED` where it was asked for and the kernel cannot do it
 */
export function landlockOf(
  { security: { landlock: level, privileged } }: ContainerOptions,
  config: Config,
): LandlockRules | undefined {
  if (level !== undefined && level !== 'off') requireLandlock(level)
  return landlockRules({ level, privileged }, config)
}

/** The same for a program that enters it later. */
export function landlockOfExec(
  { security: { landlock: level, privileged } }: ContainerOptions,
  config: Config,
): LandlockRules | undefined {
  return landlockExecRules({ level, privileged }, config)
}

function requireLandlock(level: string): void {
  const version = landlockVersion()
  if (version >= landlockVersionNeeded) return
  throw new OperationError(
    'UNSUPPORTED',
    `confine the container by Landlock (landlock=${level})`,
    { version, needed: landlockVersionNeeded },
    {
      hint:
        version === 0
          ? 'Boot Linux 6.12 or newer with lsm=landlock,…, or leave the option out'
          : 'Use Linux 6.12 or newer, or leave the option out',
    },
  )
}

/** How a container that runs is confined. */
export function landlockLevelOf(options: ContainerOptions, config: Config): LandlockLevel {
  const { landlock: level, privileged } = options.security
  if (level !== undefined) return level
  if (landlockVersion() < landlockVersionNeeded) return 'off'
  return landlockRules({ level, privileged }, config) ? 'own' : 'off'
}
