import type { Route } from './api-call.ts'

const message =
  'This node is not a swarm manager, and cannot become one: "mycontainer secret" keeps secrets here, "myorch" runs clusters'

/** What docker has with a swarm alone: its answer without one, so that clients say why. */
export const swarmRoutes: readonly Route[] = [
  'swarm',
  'nodes',
  'services',
  'tasks',
  'secrets',
  'configs',
].flatMap((group) =>
  [`/${group}`, `/${group}/**`].flatMap((pattern) =>
    ['GET', 'POST', 'DELETE'].map((method): Route => [
      method,
      pattern,
      () => ({ status: 503, body: { message } }),
    ]),
  ),
)
