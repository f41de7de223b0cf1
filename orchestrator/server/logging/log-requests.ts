import type { KubeObject } from '../../api/object.ts'
import { textAt } from '../../api/object.ts'
import type { ApiRequest, ApiResponse } from '../http-message.ts'
import { parseResourcePath } from '../request-info.ts'
import type { ResourceService } from '../resource-service.ts'
import type { Logger } from './logger.ts'

type Handle = (request: ApiRequest) => Promise<ApiResponse>

/** Who asked for what, and what was answered: from verbosity 3 on, and watches from 4 on. */
export function logRequests(logger: Logger, handle: Handle): Handle {
  if (!logger.isOn(3)) return handle
  return async (request) => {
    const { method, path, query, headers, user, source, notes } = request
    const startedAt = performance.now()
    const response = await handle(request)
    const target = parseResourcePath(method, path, query)
    const search = query.toString()
    logger.info(target?.verb === 'watch' ? 4 : 3, 'HTTP', {
      verb: target?.verb ?? method.toLowerCase(),
      URI: search === '' ? path : `${path}?${search}`,
      user: user.name,
      as: notes?.impersonated?.name,
      ...(target?.resource === 'pods' && target.name !== undefined
        ? { pod: { name: target.name, namespace: target.namespace } }
        : {}),
      ...(target?.resource === 'nodes' && target.name !== undefined ? { node: target.name } : {}),
      latencyMs: Math.round((performance.now() - startedAt) * 100) / 100,
      userAgent: headers['user-agent'],
      command: headers['kubectl-command'],
      auditID: response.headers['audit-id'],
      srcIP: source,
      resp: response.code,
    })
    return response
  }
}

/** What anybody reports as an event, from verbosity 1 on. */
export function logEvents(logger: Logger, resources: ResourceService): ResourceService {
  if (!logger.isOn(1)) return resources
  return {
    ...resources,
    create: async (kind, namespace, object, options) => {
      const created = await resources.create(kind, namespace, object, options)
      if (kind.kind === 'Event' && !options.dryRun) logEvent(logger, created)
      return created
    },
  }
}

function logEvent(logger: Logger, event: KubeObject): void {
  const about = textAt(event, ['involvedObject', 'kind']) ? 'involvedObject' : 'regarding'
  const at = (...path: string[]) => textAt(event, [about, ...path])
  const message = textAt(event, ['message']) ?? textAt(event, ['note']) ?? ''
  const kind = at('kind') ?? ''
  const reference = { name: at('name'), namespace: at('namespace') }
  const reporter = textAt(event, ['source', 'component']) || textAt(event, ['reportingComponent'])
  const node = kind === 'Node' ? at('name') : textAt(event, ['source', 'host'])
  logger.info(1, message, {
    event: { name: event.metadata.name, namespace: event.metadata.namespace },
    reason: textAt(event, ['reason']),
    type: textAt(event, ['type']),
    part: reporter,
    ...(kind === 'Pod' ? { pod: reference } : { kind, object: reference }),
    ...(node ? { node } : {}),
    trace: at('uid'),
  })
}
