import type { Kind } from '../api/kind.ts'
import { builtInKinds } from '../api/kinds/groups.ts'
import type { Store } from '../store/store.ts'
import { chainAdmission } from './admission.ts'
import { makeNamespaceAdmission } from './admit-namespace.ts'
import { makePodAdmission } from './admit-pod.ts'
import { makeServiceAdmission } from './admit-service.ts'
import type { ApiContext, Connector } from './api-context.ts'
import { bootstrap } from './bootstrap.ts'
import { serveCustomResources } from './custom-resources.ts'
import { handleRequest } from './handle-request.ts'
import type { ApiRequest, ApiResponse } from './http-message.ts'
import { makeKindRegistry } from './kind-registry.ts'
import { listObjects } from './list-objects.ts'
import { builtInSchemas } from './load-data.ts'
import { makeObjectStorage, readObject } from './object-storage.ts'
import { makeRoleAdmission } from './rbac/admit-roles.ts'
import { makeRoleAuthorizer } from './rbac/authorize-roles.ts'
import { makeResourceService } from './resource-service.ts'
import { makeServiceAccountTokens } from './service-account-tokens.ts'
import type { TokenIssuer } from './token-issuer.ts'

export interface ApiServer {
  /** Answer one request, from whatever transport. */
  handle(request: ApiRequest): Promise<ApiResponse>
  readonly context: ApiContext
}

export interface ApiServerOptions {
  readonly connectors?: ReadonlyMap<string, Connector>
  /** Who signs the tokens of service accounts; absent: nobody does. */
  readonly issuer?: TokenIssuer
}

/** The API over a store: request in, response out. Transport, credentials and controllers are around it. */
export async function makeApiServer(
  store: Store,
  options: ApiServerOptions = {},
): Promise<ApiServer> {
  const registry = makeKindRegistry(builtInKinds)
  const schemas = { ...builtInSchemas() }
  const storage = makeObjectStorage(store)
  const kindOf = (kind: string): Kind => registry.byKind('v1', kind)!
  const everything = {
    namespace: undefined,
    select: undefined,
    limit: 0,
    continueToken: undefined,
    resourceVersion: undefined,
    match: undefined,
  }
  const roles = await makeRoleAuthorizer(store, registry)
  const read = async (kind: Kind, name: string) => {
    const { value, revision } = await storage.get(kind, undefined, name)
    return readObject(kind, value, revision)
  }
  const list = async (kind: Kind) => (await listObjects(store, kind, everything)).items
  const priorityClass = registry.byKind('scheduling.k8s.io/v1', 'PriorityClass')!
  const admission = chainAdmission([
    makeRoleAdmission(roles),
    makeNamespaceAdmission((name) => read(kindOf('Namespace'), name)),
    makePodAdmission({ get: (name) => read(priorityClass, name), list: () => list(priorityClass) }),
    makeServiceAdmission(() => list(kindOf('Service'))),
  ])
  const resources = makeResourceService(storage, schemas, admission)
  await bootstrap(resources, registry)
  await serveCustomResources(store, registry, schemas)
  const context: ApiContext = {
    store,
    storage,
    resources,
    registry,
    schemas,
    admission,
    authorize: roles.authorize,
    rules: roles.rules,
    tokens:
      options.issuer &&
      makeServiceAccountTokens(options.issuer, options.issuer.issuer, resources, registry),
    connectors: options.connectors ?? new Map(),
  }
  return { handle: (request) => handleRequest(context, request), context }
}
