import {
  type ImageReference,
  defaultDomain,
  familiarName,
  parseReference,
  repositoryName,
  withDefaultTag,
} from '../reference.ts'
import type { RegistrySettings } from '../registry-client/registry-settings.ts'

/**
 * What a name may mean, in the order in which it is tried: itself where it names a registry, its
 * alias, the same name in each registry of the search list, else in docker.io.
 *
 * @throws {OperationError} `INVALID_ARGUMENT`
 * @see containers-registries.conf(5) — "unqualified-search-registries", "aliases"
 */
export function candidatesFor(text: string, settings: RegistrySettings): ImageReference[] {
  const own = withDefaultTag(parseReference(text))
  if (namesRegistry(text, own)) return [own]
  const name = familiarName(own)
  const alias = settings.aliases.get(name)
  if (alias !== undefined) {
    const { domain, path } = parseReference(alias)
    return [{ ...own, domain, path }]
  }
  if (settings.search.length === 0) return [own]
  return settings.search.map((registry) => {
    const { domain, path } = parseReference(`${registry}/${name}`)
    return { ...own, domain, path }
  })
}

function namesRegistry(text: string, reference: ImageReference): boolean {
  return reference.domain !== defaultDomain || /^(?:index\.)?docker\.io\//.test(text)
}

/** How the store names what was pulled: a digest says it all, a tag beside it would only age. */
export function storedName(reference: ImageReference): string {
  const name = repositoryName(reference)
  return reference.digest === undefined
    ? `${name}:${reference.tag ?? 'latest'}`
    : `${name}@${reference.digest}`
}
