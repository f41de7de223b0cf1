// Which endpoint a path means. Repository names have slashes and any number of parts, and may have
// parts that are called "blobs" or "manifests": the path is therefore read from its end.

export type Route =
  | { readonly kind: 'base' }
  | { readonly kind: 'catalog' }
  | { readonly kind: 'manifest'; readonly name: string; readonly reference: string }
  | { readonly kind: 'blob'; readonly name: string; readonly digest: string }
  | { readonly kind: 'uploads'; readonly name: string }
  | { readonly kind: 'upload'; readonly name: string; readonly id: string }
  | { readonly kind: 'tags'; readonly name: string }
  | { readonly kind: 'referrers'; readonly name: string; readonly digest: string }
  | { readonly kind: 'token' }
  | { readonly kind: 'metrics' }
  | { readonly kind: 'health' }

const fixedRoutes: Readonly<Record<string, Route>> = {
  '/v2': { kind: 'base' },
  '/v2/': { kind: 'base' },
  '/v2/_catalog': { kind: 'catalog' },
  '/auth/token': { kind: 'token' },
  '/metrics': { kind: 'metrics' },
  '/healthz': { kind: 'health' },
}

/**
 * The endpoint of a path as it stands in the request line, without its query.
 *
 * @returns undefined where there is none; names and digests in the answer are not checked yet
 */
export function matchRoute(path: string): Route | undefined {
  if (Object.hasOwn(fixedRoutes, path)) return fixedRoutes[path]
  if (!path.startsWith('/v2/')) return undefined
  const parts = decodeParts(path.slice('/v2/'.length))
  return parts && matchParts(parts)
}

function matchParts(parts: readonly string[]): Route | undefined {
  const last = parts.at(-1) ?? ''
  const named = (count: number): string => parts.slice(0, -count).join('/')
  if (parts.length >= 4 && parts.at(-3) === 'blobs' && parts.at(-2) === 'uploads') {
    const name = named(3)
    return last === '' ? { kind: 'uploads', name } : { kind: 'upload', name, id: last }
  }
  if (parts.length < 3 || last === '') return undefined
  const name = named(2)
  switch (parts.at(-2)) {
    case 'manifests':
      return { kind: 'manifest', name, reference: last }
    case 'blobs':
      // Some clients leave out the slash at the end.
      return last === 'uploads' ? { kind: 'uploads', name } : { kind: 'blob', name, digest: last }
    case 'referrers':
      return { kind: 'referrers', name, digest: last }
    case 'tags':
      return last === 'list' ? { kind: 'tags', name } : undefined
    default:
      return undefined
  }
}

/** Split first, decode then: an encoded slash separates nothing and is part of no name. */
function decodeParts(path: string): string[] | undefined {
  const parts = path.split('/')
  if (!path.includes('%')) return parts
  try {
    const decoded = parts.map((part) => decodeURIComponent(part))
    return decoded.some((part) => part.includes('/')) ? undefined : decoded
  } catch {
    return undefined
  }
}
