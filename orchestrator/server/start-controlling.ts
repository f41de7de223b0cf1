import { makeLocalClient } from '../client/local-client.ts'
import type { ControllerSettings } from '../controllers/controller.ts'
import { startControllers } from '../controllers/start-controllers.ts'
import type { RunningControllers } from '../controllers/start-controllers.ts'
import type { ApiServer } from './api-server.ts'
import { addControllerMetrics } from './controller-metrics.ts'

/** The controllers in the server's own process, as the user that upstream's controller manager is. */
export async function startControlling(
  api: ApiServer,
  settings: Partial<ControllerSettings>,
): Promise<RunningControllers> {
  const { record, metrics, logger } = api.context
  const user = { name: 'system:kube-controller-manager', groups: ['system:authenticated'] }
  const client = makeLocalClient(api, user, { manager: 'kube-controller-manager' })
  const controllers = startControllers({ client, record, settings, onProblem: logger.error })
  await addControllerMetrics(metrics.registry, controllers.counts)
  return controllers
}
