import type { Schemas } from '../api/schema.ts'
import type { Store } from '../store/store.ts'
import type { RecordSpan } from '../trace/span.ts'
import type { Admission } from './admission.ts'
import type { Authorize } from './authorize.ts'
import type { ApiRequest, ApiResponse } from './http-message.ts'
import type { KindRegistry } from './kind-registry.ts'
import type { Logger } from './logging/logger.ts'
import type { ServerMetrics } from './metrics.ts'
import type { ObjectStorage } from './object-storage.ts'
import type { PathRoutes } from './path-routes.ts'
import type { RoleAuthorizer } from './rbac/authorize-roles.ts'
import type { ResourceRequest } from './request-info.ts'
import type { ResourceService } from './resource-service.ts'
import type { NodeAgents } from './streaming/node-agents.ts'
import type { ServiceAccountTokens } from './service-account-tokens.ts'

/** Answers a subresource that another part serves, like the log of a pod. */
export type Connector = (request: ApiRequest, target: ResourceRequest) => Promise<ApiResponse>

/** Everything that handlers of requests use. */
export interface ApiContext {
  readonly store: Store
  readonly storage: ObjectStorage
  readonly resources: ResourceService
  readonly registry: KindRegistry
  readonly schemas: Schemas
  readonly admission: Admission
  readonly authorize: Authorize
  /** Every rule that somebody has in a namespace. */
  readonly rules: RoleAuthorizer['rules']
  /** Absent in a server that signs nothing. */
  readonly tokens: ServiceAccountTokens | undefined
  /** `pods/log` → who answers it. */
  readonly connectors: ReadonlyMap<string, Connector>
  /** Absent in a server that calls no nodes. */
  readonly agents: NodeAgents | undefined
  /** `/myorch/v1/…` → who answers it. */
  readonly routes: PathRoutes
  /** Where it says what was written. */
  readonly record: RecordSpan
  readonly metrics: ServerMetrics
  readonly logger: Logger
}
