import { OperationError } from '../native/error.ts'

// Image references, in the grammar of the distribution project:
//   [domain[:port]/]path[/path…][:tag][@digest]

export interface ImageReference {
  /** Registry host with port, e.g. "docker.io" or "localhost:5000". */
  readonly domain: string
  /** Repository path without the domain, e.g. "library/alpine". */
  readonly path: string
  readonly tag: string | undefined
  /** "sha256:…" or "sha512:…". */
  readonly digest: string | undefined
}

export const defaultDomain = 'docker.io'
const defaultNamespace = 'library'
const defaultTag = 'latest'
const maxNameLength = 255

const domainPattern =
  /^(?:(?:[a-zA-Z0-9]|[a-zA-Z0-9][a-zA-Z0-9-]*[a-zA-Z0-9])(?:\.(?:[a-zA-Z0-9]|[a-zA-Z0-9][a-zA-Z0-9-]*[a-zA-Z0-9]))*|\[[a-fA-F0-9:]+\])(?::[0-9]+)?$/
const componentPattern = /^[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*$/
const tagPattern = /^[a-zA-Z0-9_][a-zA-Z0-9._-]{0,127}$/
const digestPattern = /^(?:sha256:[0-9a-f]{64}|sha512:[0-9a-f]{128})$/

/** Whether `text` is a digest that may become part of a path: algorithm and full lower-case hex. */
export function isDigest(text: string): boolean {
  return digestPattern.test(text)
}

/**
 * Read a reference as docker does: no domain means docker.io, one path component there means
 * library/…; a missing tag stays missing (see {@link withDefaultTag}).
 *
 * @throws {OperationError} `INVALID_ARGUMENT`
 */
export function parseReference(text: string): ImageReference {
  const { rest: named, digest } = splitDigest(text)
  const { rest: name, tag } = splitTag(named)
  const { domain, path } = splitDomain(name)
  if (tag !== undefined && !tagPattern.test(tag)) throw invalid(text, 'the tag is malformed')
  if (digest !== undefined && !isDigest(digest)) throw invalid(text, 'the digest is malformed')
  if (!domainPattern.test(domain)) throw invalid(text, 'the registry host is malformed')
  if (path.length === 0) throw invalid(text, 'the name is empty')
  if (domain.length + 1 + path.length > maxNameLength)
    throw invalid(text, `the name is longer than ${maxNameLength} characters`)
  for (const component of path.split('/')) requireComponent(text, component)
  if (/^[0-9a-f]{64}$/.test(name)) throw invalid(text, 'a name may not look like an image id')
  return { domain, path, tag, digest }
}

function requireComponent(text: string, component: string): void {
  if (componentPattern.test(component)) return
  const reason =
    component === component.toLowerCase()
      ? 'a name has lower-case letters and digits, separated by ".", "_", "__" or "-"'
      : 'a repository name must be lower case'
  throw invalid(text, reason)
}

function splitDigest(text: string): { rest: string; digest: string | undefined } {
  const at = text.indexOf('@')
  if (at === -1) return { rest: text, digest: undefined }
  return { rest: text.slice(0, at), digest: text.slice(at + 1) }
}

function splitTag(named: string): { rest: string; tag: string | undefined } {
  const colon = named.lastIndexOf(':')
  if (colon === -1 || named.includes('/', colon)) return { rest: named, tag: undefined }
  return { rest: named.slice(0, colon), tag: named.slice(colon + 1) }
}

/** The first component is a host only if it could not be a path: it has a dot, a port, is localhost, or has capitals. */
function splitDomain(name: string): { domain: string; path: string } {
  const slash = name.indexOf('/')
  const first = slash === -1 ? '' : name.slice(0, slash)
  const isDomain = /[.:]/.test(first) || first === 'localhost' || first !== first.toLowerCase()
  if (!isDomain) return { domain: defaultDomain, path: inDefaultNamespace(name) }
  const domain = first === 'index.docker.io' ? defaultDomain : first
  const path = name.slice(slash + 1)
  return { domain, path: domain === defaultDomain ? inDefaultNamespace(path) : path }
}

function inDefaultNamespace(path: string): string {
  return path.includes('/') || path === '' ? path : `${defaultNamespace}/${path}`
}

/** The same reference with "latest" where it has neither tag nor digest. */
export function withDefaultTag(reference: ImageReference): ImageReference {
  if (reference.tag !== undefined || reference.digest !== undefined) return reference
  return { ...reference, tag: defaultTag }
}

/** Repository in full: "docker.io/library/alpine". */
export function repositoryName(reference: ImageReference): string {
  return `${reference.domain}/${reference.path}`
}

/** Full form, as stored: "docker.io/library/alpine:latest". */
export function formatReference(reference: ImageReference): string {
  const tag = reference.tag === undefined ? '' : `:${reference.tag}`
  const digest = reference.digest === undefined ? '' : `@${reference.digest}`
  return `${repositoryName(reference)}${tag}${digest}`
}

/** Short form for people: without "docker.io/library/". */
export function familiarName(reference: ImageReference): string {
  if (reference.domain !== defaultDomain) return repositoryName(reference)
  const library = `${defaultNamespace}/`
  return reference.path.startsWith(library) && !reference.path.includes('/', library.length)
    ? reference.path.slice(library.length)
    : reference.path
}

function invalid(text: string, reason: string): OperationError {
  return new OperationError(
    'INVALID_ARGUMENT',
    'read an image reference',
    { reference: text.slice(0, 300), reason },
    { hint: 'Write it as [registry[:port]/]name[:tag][@digest], in lower case' },
  )
}
