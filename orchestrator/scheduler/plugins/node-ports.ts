import { reject } from '../framework.ts'
import type { Plugin } from '../framework.ts'
import type { HostPort, PodInfo } from '../pod-info.ts'

export const nodePorts: Plugin = {
  name: 'NodePorts',
  prepareFilter: ({ hostPorts, priority }) => {
    if (hostPorts.length === 0) return undefined
    return {
      filter: ({ name, pods }) => {
        const holder = pods.find((pod) => clash(pod.hostPorts, hostPorts))
        if (!holder) return undefined
        return reject(
          "node(s) didn't have free ports for the requested pod ports",
          () =>
            `free ${describePorts(hostPorts)} on node ${name}: pod ${holder.key} has it` +
            (holder.priority < priority ? ' (of lower priority)' : ''),
        )
      },
    }
  },
  hints: [
    { on: 'node-added' },
    {
      on: 'pod-gone',
      helps: (pod, change) => 'pod' in change && clash(change.pod.hostPorts, pod.hostPorts),
    },
  ],
}

function clash(taken: PodInfo['hostPorts'], wanted: PodInfo['hostPorts']): boolean {
  return taken.length > 0 && wanted.some((one) => taken.some((other) => overlaps(one, other)))
}

const everywhere = new Set(['0.0.0.0', '::'])

function overlaps(a: HostPort, b: HostPort): boolean {
  return (
    a.port === b.port &&
    a.protocol === b.protocol &&
    (a.address === b.address || everywhere.has(a.address) || everywhere.has(b.address))
  )
}

function describePorts(ports: readonly HostPort[]): string {
  return `hostPort ${ports.map(({ port, protocol }) => `${port}/${protocol}`).join(', ')}`
}
