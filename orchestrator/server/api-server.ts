import type { StatusError } from '../api/status-error.ts'
import { builtInKinds } from '../api/kinds/groups.ts'
import type { Store } from '../store/store.ts'
import { makeSpanRing } from '../trace/span-ring.ts'
import type { SpanRing } from '../trace/span-ring.ts'
import { makeAdmission } from './admission-chain.ts'
import { auditRequests } from './audit/audit-requests.ts'
import type { Audit } from './audit/audit-requests.ts'
import type { ApiContext } from './api-context.ts'
import { bootstrap, serverUser } from './bootstrap.ts'
import { countObjects } from './count-objects.ts'
import { serveCustomResources } from './custom-resources.ts'
import { handleRequest } from './handle-request.ts'
import { readBody } from './handle-write.ts'
import type { ApiRequest, ApiResponse } from './http-message.ts'
import { limitInFlight } from './limit-in-flight.ts'
import type { InFlightLimits } from './limit-in-flight.ts'
import { makeKindRegistry } from './kind-registry.ts'
import { builtInSchemas } from './load-data.ts'
import { logEvents, logRequests } from './logging/log-requests.ts'
import { logSpans } from './logging/log-spans.ts'
import { makeLogger } from './logging/logger.ts'
import type { Logger } from './logging/logger.ts'
import { makeServerMetrics } from './metrics.ts'
import { makeNodeAuthorizer } from './node/authorize-nodes.ts'
import { makeObjectStorage } from './object-storage.ts'
import { addOpenIdRoutes } from './openid-routes.ts'
import { makePathRoutes } from './path-routes.ts'
import { mediaTypeOf, parseJson } from './read-body.ts'
import { makeRoleAuthorizer } from './rbac/authorize-roles.ts'
import { respondStatus } from './render.ts'
import { makeResourceService } from './resource-service.ts'
import { makeServiceAccountTokens } from './service-account-tokens.ts'
import { makeSpanRoute } from './span-routes.ts'
import { makeConnectors } from './streaming/connectors.ts'
import { makeNodeAgents } from './streaming/node-agents.ts'
import type { AgentCredentials } from './streaming/node-agents.ts'
import type { TokenIssuer } from './token-issuer.ts'

export interface ApiServer {
  /** Answer one request, from whatever transport. */
  handle(request: ApiRequest): Promise<ApiResponse>
  /** The answer to who cannot prove who they are: on record like all others. */
  refuse(request: ApiRequest, error: StatusError): Promise<ApiResponse>
  readonly context: ApiContext
}

export interface ApiServerOptions {
  /** How the server proves itself to the agents of nodes; absent: nothing that they serve is served here. */
  readonly agents?: AgentCredentials
  /** Who signs the tokens of service accounts; absent: nobody does. */
  readonly issuer?: TokenIssuer
  /** Pods run as service accounts: something makes the accounts of new namespaces. */
  readonly serviceAccounts?: boolean
  /** Seconds that pods stay on a node that has fallen silent; absent: 300. */
  readonly podPatience?: number | undefined
  /** Where spans go; absent: a ring in memory. */
  readonly spans?: SpanRing
  /** What is put on record; absent: nothing. */
  readonly audit?: Audit | undefined
  /** How many requests of the network are answered at once. */
  readonly inFlight?: InFlightLimits
  /** Absent: only failures are told, as text. */
  readonly logger?: Logger
}

/** The API over a store: request in, response out. Transport, credentials and controllers are around it. */
export async function makeApiServer(
  store: Store,
  options: ApiServerOptions = {},
): Promise<ApiServer> {
  const registry = makeKindRegistry(builtInKinds)
  const schemas = { ...builtInSchemas() }
  const storage = makeObjectStorage(store)
  const roles = await makeRoleAuthorizer(store, registry)
  const admission = makeAdmission({
    store,
    storage,
    registry,
    roles,
    updateStatus: (kind, { metadata }, change) => {
      const { namespace, name = '' } = metadata
      const write = { user: serverUser, dryRun: false }
      return resources.update(kind, namespace, name, change, write, 'status')
    },
    serviceAccounts: options.serviceAccounts === true,
    podPatience: options.podPatience,
  })
  const logger = options.logger ?? makeLogger({ format: 'text', verbosity: 0 })
  const kept = options.spans ?? makeSpanRing()
  const spans = { ...kept, record: logSpans(logger, kept.record) }
  const routes = makePathRoutes()
  routes.add('/myorch/v1/spans', makeSpanRoute(spans))
  if (options.issuer) addOpenIdRoutes(routes, options.issuer)
  const resources = logEvents(
    logger,
    makeResourceService(storage, schemas, admission, spans.record),
  )
  await bootstrap(resources, registry)
  const nodes = await makeNodeAuthorizer(store, registry.byKind('v1', 'Pod')!)
  await serveCustomResources(store, registry, schemas)
  const agents = options.agents && makeNodeAgents(options.agents, resources, registry)
  const context: ApiContext = {
    store,
    storage,
    resources,
    registry,
    schemas,
    admission,
    authorize: async (attributes) => {
      const byRole = await roles.authorize(attributes)
      return byRole.allowed ? byRole : nodes.authorize(attributes)
    },
    rules: roles.rules,
    tokens:
      options.issuer &&
      makeServiceAccountTokens(options.issuer, options.issuer.issuer, resources, registry),
    agents,
    connectors: agents ? makeConnectors({ resources, registry, store }, agents) : new Map(),
    routes,
    record: spans.record,
    logger,
    metrics: await makeServerMetrics(() => countObjects(store, registry)),
  }
  const answer = (request: ApiRequest) => handleRequest(context, request)
  const limited = limitInFlight(options.inFlight ?? {}, answer, context.metrics.inFlight)
  const around = (handle: ApiServer['handle']) => aroundHandler(context, options, handle)
  return {
    handle: around(limited),
    refuse: (request, { status }) => around(async () => respondStatus(status))(request),
    context,
  }
}

/** What is done with every request besides answering it, from the outside in: the log, then the record. */
function aroundHandler(
  context: ApiContext,
  { audit }: ApiServerOptions,
  handle: ApiServer['handle'],
): ApiServer['handle'] {
  const audited = audit
    ? auditRequests(audit, (request) => readAny(context, request), handle)
    : handle
  const logged = logRequests(context.logger, audited)
  return (request) => logged({ ...request, notes: { annotations: {} } })
}

/** An object in whatever form, or a patch as it was sent. */
async function readAny(context: ApiContext, request: ApiRequest): Promise<unknown> {
  const isPatch = mediaTypeOf(request).endsWith('-patch+json')
  return isPatch ? parseJson(await request.body()) : (await readBody(context, request)).value
}
