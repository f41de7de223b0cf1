import type { ApiRequest, ApiResponse } from './http-message.ts'

// Paths of our own beside those of Kubernetes. Parts that start after the server add theirs.

/** @param rest what the path has after the prefix, decoded */
export type PathHandler = (request: ApiRequest, rest: readonly string[]) => Promise<ApiResponse>

export interface PathRoutes {
  /** @param prefix like `/myorch/v1/decisions` */
  add(prefix: string, handler: PathHandler): void
  /** @returns undefined for a path that is nobody's */
  find(path: string): { handler: PathHandler; rest: readonly string[] } | undefined
  prefixes(): readonly string[]
}

export function makePathRoutes(): PathRoutes {
  const handlers = new Map<string, PathHandler>()
  return {
    add: (prefix, handler) => void handlers.set(prefix, handler),
    find: (path) => {
      for (const [prefix, handler] of handlers)
        if (path === prefix || path.startsWith(`${prefix}/`)) {
          const rest = path.slice(prefix.length).split('/')
          return { handler, rest: rest.filter((part) => part !== '').map(decodePart) }
        }
      return undefined
    },
    prefixes: () => [...handlers.keys()],
  }
}

function decodePart(part: string): string {
  try {
    return decodeURIComponent(part)
  } catch {
    return part
  }
}
