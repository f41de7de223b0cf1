import { credentialKeys, helperFor, helperKey, readEntry } from './auth-document.ts'
import { authFiles, type Environment, readAuthFile } from './auth-files.ts'
import type { Credential } from './credential.ts'
import { askHelper } from './credential-helper.ts'

export interface CredentialSearch {
  /** `--authfile`. */
  readonly authFile?: string | undefined
  readonly environment: Environment
}

/**
 * The stored credential for a repository of a registry: the first file that has one wins, in it the
 * most specific key.
 *
 * @param repository undefined looks for one of the registry itself
 * @throws {OperationError} `INVALID_ARGUMENT` for a malformed file; `ACCESS_DENIED` where a helper fails
 */
export async function findCredential(
  registry: string,
  repository: string | undefined,
  { authFile, environment }: CredentialSearch,
): Promise<Credential | undefined> {
  for (const path of authFiles(authFile, environment)) {
    const document = readAuthFile(path)
    if (!document) continue
    for (const key of credentialKeys(registry, repository)) {
      const entry = readEntry(document, key, path)
      if (entry) return entry
    }
    for (const key of new Set([registry, helperKey(registry)])) {
      const helper = helperFor(document, key)
      const answer = helper === undefined ? undefined : await askHelper(helper, key)
      if (answer) return answer
    }
  }
  return undefined
}
