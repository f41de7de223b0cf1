import type { Connector } from '../api-context.ts'
import { makeCommandConnector } from './connect-command.ts'
import { makeLogConnector } from './connect-log.ts'
import { makePortForwardConnector } from './connect-port-forward.ts'
import { makeNodeProxy, makePodProxy, makeServiceProxy } from './connect-proxy.ts'
import type { ProxyTools } from './connect-proxy.ts'
import type { NodeAgents } from './node-agents.ts'

/** Who answers the subresources that the agents of nodes serve. */
export function makeConnectors(
  tools: ProxyTools,
  agents: NodeAgents,
): ReadonlyMap<string, Connector> {
  return new Map([
    ['pods/log', makeLogConnector(tools, agents)],
    ['pods/exec', makeCommandConnector('exec', tools, agents)],
    ['pods/attach', makeCommandConnector('attach', tools, agents)],
    ['pods/portforward', makePortForwardConnector(tools, agents)],
    ['pods/proxy', makePodProxy(tools, agents)],
    ['services/proxy', makeServiceProxy(tools, agents)],
    ['nodes/proxy', makeNodeProxy(agents)],
  ])
}
