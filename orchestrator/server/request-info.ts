// What a path is about. https://kubernetes.io/docs/reference/using-api/api-concepts/#resource-uris

export interface ResourceRequest {
  readonly group: string
  readonly version: string
  readonly resource: string
  readonly namespace?: string
  readonly name?: string
  readonly subresource?: string
  /** What follows a subresource that stands for somebody else's paths (`proxy`). */
  readonly rest: readonly string[]
  /** As rules of authorization call it. */
  readonly verb: string
}

const namespaceSubresources = new Set(['status', 'finalize'])

/** @returns undefined for a path that is about no resource */
export function parseResourcePath(
  method: string,
  path: string,
  query: URLSearchParams,
): ResourceRequest | undefined {
  const parts = path
    .split('/')
    .filter((part) => part !== '')
    .map(decodePart)
  if (parts.includes(undefined)) return undefined
  const words = parts as string[]
  const isCore = words[0] === 'api'
  if (!isCore && words[0] !== 'apis') return undefined
  const [group, version, ...place] = isCore ? ['', ...words.slice(1)] : words.slice(1)
  if (group === undefined || version === undefined || place.length === 0) return undefined
  const target = readPlace(place)
  return { group, version, ...target, verb: verbOf(method, target.name, query) }
}

function decodePart(part: string): string | undefined {
  try {
    return decodeURIComponent(part)
  } catch {
    return undefined
  }
}

function readPlace(place: string[]): Omit<ResourceRequest, 'group' | 'version' | 'verb'> {
  const [first, second, third, ...more] = place
  const inNamespace =
    first === 'namespaces' &&
    second !== undefined &&
    third !== undefined &&
    !(namespaceSubresources.has(third) && more.length === 0)
  if (inNamespace) return { namespace: second, ...target(third, more) }
  return target(first!, place.slice(1))
}

function target(
  resource: string,
  [name, subresource, ...rest]: string[],
): Omit<ResourceRequest, 'group' | 'version' | 'verb'> {
  return {
    resource,
    ...(name === undefined ? {} : { name }),
    ...(subresource === undefined ? {} : { subresource }),
    rest,
  }
}

function verbOf(method: string, name: string | undefined, query: URLSearchParams): string {
  switch (method) {
    case 'GET':
    case 'HEAD':
      if (['true', '1'].includes(query.get('watch') ?? '')) return 'watch'
      return name === undefined ? 'list' : 'get'
    case 'POST':
      return 'create'
    case 'PUT':
      return 'update'
    case 'PATCH':
      return 'patch'
    case 'DELETE':
      return name === undefined ? 'deletecollection' : 'delete'
    default:
      return method.toLowerCase()
  }
}
