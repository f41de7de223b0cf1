import type { Informers } from '../client/informers.ts'
import { makeLocalClient } from '../client/local-client.ts'
import { makeDecisionLog } from '../scheduler/decision-log.ts'
import { startScheduler } from '../scheduler/start-scheduler.ts'
import type { RunningScheduler } from '../scheduler/start-scheduler.ts'
import type { ApiServer } from './api-server.ts'
import { makeDecisionRoute } from './decision-routes.ts'
import { makeSchedulerMetrics } from './scheduler-metrics.ts'

/**
 * The default scheduler in the server's own process, as the user that upstream's scheduler is; its decisions can be asked for.
 * @param informers of other parts of the process; absent: its own
 */
export async function startScheduling(
  api: ApiServer,
  informers?: Informers,
): Promise<RunningScheduler> {
  const { routes, record, metrics, logger } = api.context
  const { onAttempt, follow } = await makeSchedulerMetrics(metrics.registry)
  const decisions = makeDecisionLog()
  const user = { name: 'system:kube-scheduler', groups: ['system:authenticated'] }
  const client = makeLocalClient(api, user, { manager: 'kube-scheduler' })
  const scheduler = await startScheduler({
    client,
    record,
    informers,
    decisions,
    onAttempt,
    onProblem: (what, error) => logger.error(`scheduler: ${what}`, error),
  })
  follow(scheduler)
  routes.add('/myorch/v1/decisions', makeDecisionRoute(decisions))
  return scheduler
}
