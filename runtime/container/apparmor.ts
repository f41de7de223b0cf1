import { existsSync, readFileSync, readdirSync } from 'node:fs'
import { OperationError } from '../../native/error.ts'
import { apparmorProfileName, apparmorProfileText } from '../security/apparmor-profile.ts'

const securityfs = '/sys/kernel/security/apparmor'

export interface ApparmorWish {
  /** `unconfined` or a profile; absent: ours, where there can be one. */
  readonly profile: string | undefined
  readonly privileged: boolean
  /** Profiles are loaded by the root of the machine alone. */
  readonly rootless: boolean
}

/**
 * The AppArmor profile for a container; ours is loaded where the kernel does not have it yet.
 *
 * @returns undefined for none
 * @throws {OperationError} `UNSUPPORTED`, `NOT_FOUND` for a profile that was asked for and that the kernel does not have
 */
export function apparmorProfile(wish: ApparmorWish): string | undefined {
  const { profile, privileged, rootless } = wish
  if (profile === 'unconfined') return undefined
  if (profile === undefined && (privileged || rootless)) return undefined
  if (!isApparmorOn()) {
    if (profile === undefined) return undefined
    throw new OperationError(
      'UNSUPPORTED',
      `confine the container by the AppArmor profile ${profile}`,
      {},
      {
        hint: 'This kernel was built or booted without AppArmor: leave the option out, or boot with lsm=…,apparmor',
      },
    )
  }
  if (profile !== undefined && profile !== apparmorProfileName) return requireLoaded(profile)
  return isLoaded(apparmorProfileName) === true || load() ? apparmorProfileName : undefined
}

/** Whether the kernel has it and was booted with it. */
export function isApparmorOn(): boolean {
  const path = '/sys/module/apparmor/parameters/enabled'
  return existsSync(path) && readFileSync(path, 'latin1').startsWith('Y')
}

/** Undefined: only root may ask, and securityfs must be mounted. */
function isLoaded(name: string): boolean | undefined {
  try {
    // Folders NAME.NUMBER; a name that is a path has dots for slashes.
    const escaped = name.replace(/^\//, '').replaceAll('/', '.')
    return readdirSync(`${securityfs}/policy/profiles`).some(
      (folder) => folder.slice(0, folder.lastIndexOf('.')) === escaped,
    )
  } catch {
    return undefined
  }
}

function requireLoaded(name: string): string {
  // Sub-profiles and namespaces (a//b, :ns:a) are not in the list: the kernel will tell.
  if (/\/\/|^:/.test(name) || isLoaded(name) !== false) return name
  throw new OperationError(
    'NOT_FOUND',
    `confine the container by the AppArmor profile ${name}`,
    {},
    {
      hint: `The kernel has no such profile: load it with apparmor_parser -r FILE, or see those it has in ${securityfs}/profiles`,
    },
  )
}

/** @returns whether the kernel has it now; without the parser or securityfs there is no way, and the other defences stay */
function load(): boolean {
  if (!existsSync(`${securityfs}/.replace`)) return false
  try {
    // Not at the top: a start without AppArmor needs no processes.
    const { execFileSync } = process.getBuiltinModule('node:child_process')
    execFileSync('apparmor_parser', ['--replace', '--skip-cache', '--quiet'], {
      input: apparmorProfileText(),
      stdio: ['pipe', 'ignore', 'ignore'],
      env: { PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin' },
      timeout: 10_000,
    })
    return isLoaded(apparmorProfileName) === true
  } catch {
    return false
  }
}
