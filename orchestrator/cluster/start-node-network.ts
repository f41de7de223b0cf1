import type { Client } from '../client/client.ts'
import { makeInformers } from '../client/informers.ts'
import { startClusterDns } from '../dns/start-cluster-dns.ts'
import { startNetworkPolicies } from '../network/policy/start-network-policies.ts'
import { startNodeRoutes } from '../network/start-node-routes.ts'
import { startServiceProxy } from '../service-proxy/start-service-proxy.ts'

export interface NodeNetworkOptions {
  readonly client: Client
  readonly nodeName: string
  readonly address: string
  readonly podCidr: string
  readonly onProblem: (what: string, error: unknown) => void
}

/** What brings packets of a node's pods to other nodes' pods and to services, by address and by name. @returns when all that is known is in place */
export async function startNodeNetwork(
  options: NodeNetworkOptions,
): Promise<{ stop(): Promise<void> }> {
  const { client, onProblem } = options
  const informers = makeInformers(client, { onProblem })
  const [routes, policies, proxy, dns] = await Promise.all([
    startNodeRoutes(options),
    startNetworkPolicies({ ...options, informers }),
    startServiceProxy({ ...options, informers }),
    startClusterDns({ client, informers }),
  ])
  return {
    stop: async () => {
      informers.stop()
      routes.stop()
      policies.stop()
      await proxy.stop()
      await dns.stop()
    },
  }
}
