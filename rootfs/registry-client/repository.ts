import type { HttpBody, HttpMethod, HttpResponse } from './http-transport.ts'
import type { RegistryClient } from './registry-client.ts'

/** One repository of a registry; its name is checked already. */
export interface Repository {
  readonly client: RegistryClient
  /** "library/app" */
  readonly name: string
}

export interface RepositoryRequest {
  readonly method: HttpMethod
  /** Path below the repository, "blobs/sha256:…", or a URL that the registry named. */
  readonly target: string | URL
  readonly headers?: Readonly<Record<string, string>> | undefined
  readonly body?: HttpBody | undefined
  readonly rights: 'pull' | 'pull,push'
  /** Other repositories that have to be read, for mounts. */
  readonly alsoPull?: readonly string[] | undefined
  readonly isRepeatable?: boolean | undefined
  readonly stallMs?: number | undefined
}

export function sendToRepository(
  { client, name }: Repository,
  request: RepositoryRequest,
): Promise<HttpResponse> {
  const { target, rights, alsoPull = [], ...rest } = request
  return client.send({
    ...rest,
    target: typeof target === 'string' ? `/v2/${name}/${target}` : target,
    scopes: [
      `repository:${name}:${rights}`,
      ...alsoPull.map((other) => `repository:${other}:pull`),
    ],
  })
}

/** Operands that name the repository in errors. */
export function repositoryDetail({ client, name }: Repository): {
  registry: string
  repository: string
} {
  return { registry: client.host, repository: name }
}
