import type { Pod } from '../../../pod/pod.ts'
import type { Command } from '../../command.ts'
import type { Container } from '../../engine.ts'
import { flag } from '../../flag-spec.ts'
import { formatDocument } from '../../output/format-rows.ts'

/** `pod inspect`: one object for one pod, as podman 4 has it, a list of several. */
export const podInspectCommand: Command = {
  usage: '[OPTIONS] POD [POD...]',
  summary: 'Display the configuration of pods',
  flags: [flag('string', 'format,f', "Format output: 'json' or a Go template")],
  minimumArguments: 1,
  interspersed: true,
  async run({ flags, args, io, engine }) {
    const pods = await import('../../../pod/pod.ts')
    const opened = await engine()
    const documents: unknown[] = []
    for (const name of args) {
      const pod = await pods.requirePod(opened, name)
      documents.push(documentOf(pod, pods.podStatus(pod), pods.sharesOf(pod)))
    }
    const format = flags.string('format')
    const isOne = documents.length === 1
    if (format === undefined)
      io.stdout.write(formatDocument(isOne ? documents[0] : documents, format))
    else for (const document of documents) io.stdout.write(formatDocument(document, format))
    return 0
  },
}

function documentOf(pod: Pod, state: string, shares: readonly string[]): Record<string, unknown> {
  const { infra, members } = pod
  const { options, hostnamePath } = infra.record
  const { network } = options
  return {
    Id: pod.id,
    Name: pod.name,
    Created: pod.created,
    State: state,
    Hostname: options.hostname ?? '',
    Labels: pod.labels,
    CreateInfra: true,
    InfraContainerID: infra.record.id,
    InfraConfig: {
      PortBindings: portBindings(infra),
      HostNetwork: network.mode.kind === 'host',
      StaticIP: network.ip ?? '',
      StaticMAC: network.mac ?? '',
      NoManageHosts: network.noHosts,
      DNSServer: network.dns,
      DNSSearch: network.dnsSearch,
      DNSOption: network.dnsOptions,
      HostAdd: network.addHosts.map(({ name, address }) => `${name}:${address}`),
      Networks: infra.state.network?.attachments.map((one) => one.network) ?? [],
      HostnamePath: hostnamePath,
    },
    SharedNamespaces: shares,
    NumContainers: members.length + 1,
    Containers: [infra, ...members].map(({ record, state: one }) => ({
      Id: record.id,
      Name: record.name,
      State: one.status,
    })),
  }
}

function portBindings({
  state,
}: Container): Record<string, { HostIp: string; HostPort: string }[]> {
  const groups = Map.groupBy(
    state.network?.ports ?? [],
    ({ containerPort, protocol }) => `${containerPort}/${protocol}`,
  )
  return Object.fromEntries(
    [...groups].map(([port, bindings]) => [
      port,
      bindings.map(({ hostIp, hostPort }) => ({ HostIp: hostIp, HostPort: String(hostPort) })),
    ]),
  )
}
