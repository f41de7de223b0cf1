import { readFileSync } from 'node:fs'
import { OperationError } from '../../native/error.ts'
import type { HostFacts } from '../inspect-host/host-facts.ts'
import { compileSeccomp, keepCompiled } from '../security/seccomp/compile.ts'
import { defaultProfile } from '../security/seccomp/default-profile.ts'
import { parseProfileFile } from '../security/seccomp/profile-file.ts'
import { resolveProfile } from '../security/seccomp/resolve-profile.ts'
import type { Seccomp } from '../spec/seccomp.ts'
import type { EngineFolders } from './folders.ts'
import { readStoredFilter, storeFilter } from './stored-filter.ts'

/** One object per set of capabilities: compiled filters are cached by the object they come from. */
const resolved = new Map<string, Seccomp>()

/**
 * The seccomp section for a container: the built-in profile, one from a file, or none.
 *
 * @param choice `unconfined`, the path of a profile, or undefined for the built-in one
 * @throws {OperationError} `INVALID_ARGUMENT` for a file that cannot be read or is no profile
 */
export function chooseSeccomp(
  choice: string | undefined,
  capabilities: readonly string[],
  { architecture, kernel }: HostFacts,
  folders: EngineFolders,
): Seccomp | undefined {
  if (choice === 'unconfined') return undefined
  const target = { capabilities, architecture, kernel }
  if (choice !== undefined)
    return resolveProfile(parseProfileFile(readProfile(choice), choice), target)
  const key = `${architecture} ${kernel.major}.${kernel.minor} ${capabilities.join()}`
  const known = resolved.get(key) ?? builtIn(key, target, folders)
  resolved.set(key, known)
  return known
}

/** Resolving and compiling the built-in profile is much of a cold start: the result is stored. */
function builtIn(
  key: string,
  target: Pick<HostFacts, 'architecture' | 'kernel'> & { readonly capabilities: readonly string[] },
  folders: EngineFolders,
): Seccomp {
  const stored = readStoredFilter(folders, key)
  if (stored) {
    keepCompiled(stored.seccomp, target, stored.compiled)
    return stored.seccomp
  }
  const seccomp = resolveProfile(defaultProfile, target)
  storeFilter(folders, key, { seccomp, compiled: compileSeccomp(seccomp, target) })
  return seccomp
}

function readProfile(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch (cause) {
    const hint = 'Name a file with a profile, or take seccomp=unconfined to have none'
    throw new OperationError(
      'INVALID_ARGUMENT',
      'read a seccomp profile',
      { path },
      { cause, hint },
    )
  }
}
