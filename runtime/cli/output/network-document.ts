import type { NetworkSummary } from '../engine.ts'

/** What `network inspect` shows, in docker's shape. */
export function networkDocument(network: NetworkSummary): Record<string, unknown> {
  return {
    Name: network.name,
    Id: network.id,
    Created: network.created,
    Scope: 'local',
    Driver: network.driver,
    EnableIPv4: network.ipv4,
    EnableIPv6: network.ipv6,
    IPAM: {
      Driver: 'default',
      Options: null,
      Config: network.subnets.map(({ subnet, gateway, range, reserved }) => ({
        Subnet: subnet,
        ...(range === undefined ? {} : { IPRange: range }),
        ...(gateway === undefined ? {} : { Gateway: gateway }),
        ...(reserved === undefined ? {} : { AuxiliaryAddresses: reserved }),
      })),
    },
    Internal: network.internal,
    Attachable: false,
    Ingress: false,
    ConfigOnly: false,
    Containers: Object.fromEntries(
      network.containers.map(({ id, name, ipv4, ipv6, mac }) => [
        id,
        { Name: name, MacAddress: mac, IPv4Address: ipv4 ?? '', IPv6Address: ipv6 ?? '' },
      ]),
    ),
    Options: {
      ...(network.bridgeName === ''
        ? {}
        : { 'com.docker.network.bridge.name': network.bridgeName }),
      ...network.options,
    },
    Labels: network.labels,
    DNSEnabled: network.dns,
  }
}
