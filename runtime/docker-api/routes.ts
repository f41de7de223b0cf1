import type { Route } from './api-call.ts'
import { buildRoutes } from './build-routes.ts'
import { commitRoutes } from './commit-route.ts'
import { containerAttachRoutes } from './container-attach.ts'
import { containerFileRoutes } from './container-files.ts'
import { containerLifeRoutes } from './container-life.ts'
import { containerUsageRoutes } from './container-usage.ts'
import { containerViewRoutes } from './container-views.ts'
import { containerWaitRoutes } from './container-wait.ts'
import { execRoutes } from './exec-routes.ts'
import { imageRoutes } from './image-routes.ts'
import { imageTransferRoutes } from './image-transfer.ts'
import { networkRoutes } from './network-routes.ts'
import { swarmRoutes } from './swarm-routes.ts'
import { systemRoutes } from './system-routes.ts'
import { volumeRoutes } from './volume-routes.ts'

/** Every endpoint; the first that fits answers. */
export const routes: readonly Route[] = [
  ...systemRoutes,
  ...containerViewRoutes,
  ...containerLifeRoutes,
  ...containerWaitRoutes,
  ...containerAttachRoutes,
  ...containerUsageRoutes,
  ...containerFileRoutes,
  ...commitRoutes,
  ...execRoutes,
  ...imageTransferRoutes,
  ...imageRoutes,
  ...buildRoutes,
  ...networkRoutes,
  ...volumeRoutes,
  ...swarmRoutes,
]
