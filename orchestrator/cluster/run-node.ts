import { makeHttpClient } from '../client/http-client.ts'
import { startNodeAgent } from '../node/node-agent.ts'
import type { PressureOptions } from '../node/node-pressure.ts'
import { logSpans } from '../server/logging/log-spans.ts'
import { makeLogger } from '../server/logging/logger.ts'
import type { LoggerOptions } from '../server/logging/logger.ts'
import { logEvent } from './log-event.ts'
import { startNodeNetwork } from './start-node-network.ts'
import { startSpanSender } from '../trace/span-sender.ts'
import { podResolvConf } from '../dns/pod-resolv-conf.ts'
import { nodeResolvConf, usualDnsAddress, usualDomain } from '../dns/start-cluster-dns.ts'
import { readNodeCredentials } from './node-credentials.ts'

export interface RunNodeOptions extends PressureOptions {
  readonly server: string
  readonly name: string
  readonly address: string
  readonly root: string
  readonly imageRoot?: string | undefined
  /** File of {@link NodeCredentials}. */
  readonly credentials: string
  readonly labels?: Readonly<Record<string, string>> | undefined
  /** Seconds between two signs of life. */
  readonly renewSeconds?: number | undefined
  readonly bridge?: string | undefined
  /** Registries, as `host:port`, that need no TLS. */
  readonly insecureRegistries?: readonly string[] | undefined
  readonly maxPods?: number | undefined
  /** Absent: problems only, as text. */
  readonly logging?: LoggerOptions | undefined
}

/** Of a node whose images and disk are those of the host that others use as well: it does not try to make room there. */
const onSharedDisk: PressureOptions = {
  evictionHard: 'memory.available<100Mi',
  imageGcHighPercent: 100,
}

function pressureOf(options: RunNodeOptions): PressureOptions {
  const usual = options.imageRoot === undefined ? {} : onSharedDisk
  return {
    evictionHard: options.evictionHard ?? usual.evictionHard,
    evictionSoft: options.evictionSoft,
    evictionSoftGracePeriod: options.evictionSoftGracePeriod,
    evictionMaxPodGraceSeconds: options.evictionMaxPodGraceSeconds,
    pressureTransitionSeconds: options.pressureTransitionSeconds,
    imageGcHighPercent: options.imageGcHighPercent ?? usual.imageGcHighPercent,
    imageGcLowPercent: options.imageGcLowPercent,
    imageMinAgeSeconds: options.imageMinAgeSeconds,
  }
}

export interface RunningNode {
  stop(): Promise<void>
}

/** Everything that runs on a node, in this process. @returns when the node is known to the server */
export async function runNode(options: RunNodeOptions): Promise<RunningNode> {
  const { authority, client: pair, serving } = readNodeCredentials(options.credentials)
  const client = makeHttpClient({ server: options.server, authority, ...pair })
  const spans = startSpanSender(client)
  const logger = makeLogger(options.logging ?? { format: 'text', verbosity: 0 })
  const onProblem = (what: string, error: unknown): void =>
    logger.error(what, error, { node: options.name })
  const agent = await startNodeAgent({
    client,
    name: options.name,
    address: options.address,
    root: options.root,
    imageRoot: options.imageRoot,
    certificate: serving.certificate,
    key: serving.key,
    authority,
    labels: options.labels,
    renewSeconds: options.renewSeconds,
    bridge: options.bridge,
    insecureRegistries: options.insecureRegistries,
    ...pressureOf(options),
    maxPods: options.maxPods,
    record: logSpans(logger, spans.record),
    onEvent: (about, text) => logEvent(logger, options.name, about, text),
    onProblem,
    resolvConf: (pod) =>
      podResolvConf(pod, {
        clusterDns: usualDnsAddress,
        domain: usualDomain,
        hostResolvConf: nodeResolvConf(),
      }),
  })
  const network = await startNodeNetwork({
    client,
    nodeName: options.name,
    address: options.address,
    podCidr: agent.podCidr,
    onProblem,
  })
  return {
    stop: async () => {
      await network.stop()
      await agent.stop()
      spans.stop()
      client.close()
    },
  }
}
