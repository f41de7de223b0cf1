import type { Client } from '../client/client.ts'
import { startNodeRoutes } from '../network/start-node-routes.ts'
import { startServiceProxy } from '../service-proxy/start-service-proxy.ts'

export interface NodeNetworkOptions {
  readonly client: Client
  readonly nodeName: string
  readonly address: string
  readonly podCidr: string
  readonly onProblem: (what: string, error: unknown) => void
}

/** What brings packets of a node's pods to other nodes' pods and to services. @returns when all that is known is in place */
export async function startNodeNetwork(
  options: NodeNetworkOptions,
): Promise<{ stop(): Promise<void> }> {
  const [routes, proxy] = await Promise.all([startNodeRoutes(options), startServiceProxy(options)])
  return {
    stop: async () => {
      routes.stop()
      await proxy.stop()
    },
  }
}
