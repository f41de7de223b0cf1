// A container as the engine would list it, for tests of what is printed.

import { defaultOptions } from '../../../runtime/container/default-options.ts'
import { initialState } from '../../../runtime/container/state.ts'
import type { ContainerState } from '../../../runtime/container/state.ts'
import type { ContainerRecord } from '../../../runtime/container/record.ts'
import type { Container } from '../../../runtime/cli/engine.ts'

/** A running web server, except for what `record` and `state` say. */
export function sampleContainer(
  record: Partial<ContainerRecord> = {},
  state: Partial<ContainerState> = {},
): Container {
  return {
    record: {
      version: 1,
      id: '0123456789abcdef'.repeat(4),
      name: 'web',
      created: '2026-01-01T00:00:00.000000000Z',
      options: defaultOptions('nginx'),
      resolved: {
        entrypoint: ['/docker-entrypoint.sh'],
        command: ['nginx', '-g', 'daemon off;'],
        env: ['PATH=/bin'],
        workdir: '/',
        user: '',
        stopSignal: 'SIGQUIT',
        labels: { app: 'web', tier: 'front' },
        exposedPorts: ['80/tcp', '443/tcp'],
        imageVolumes: [],
      },
      imageId: `sha256:${'ab'.repeat(32)}`,
      imageReference: 'nginx:latest',
      mounts: [
        {
          type: 'volume',
          name: 'data',
          source: '/volumes/data',
          destination: '/data',
          readWrite: true,
          propagation: 'rprivate',
          anonymous: false,
        },
      ],
      bundlePath: '/b',
      configPath: '/b/config.json',
      rootfsPath: '/b/rootfs',
      logPath: '/b/log',
      hostnamePath: '/b/hostname',
      hostsPath: '/b/hosts',
      resolvConfPath: '/b/resolv.conf',
      cgroupPath: '/mycontainer/x',
      ...record,
    },
    state: {
      ...initialState(),
      status: 'running',
      pid: 42,
      startedAt: '2026-01-01T00:00:01Z',
      network: {
        attachments: [
          {
            network: 'bridge',
            networkId: 'feed',
            interfaceName: 'eth0',
            ipv4: '10.1.0.2',
            ipv4PrefixLength: 16,
            ipv4Gateway: '10.1.0.1',
            mac: '92:d0:c6:0a:29:33',
            aliases: [],
          },
        ],
        ports: [{ containerPort: 80, protocol: 'tcp', hostIp: '0.0.0.0', hostPort: 8080 }],
      },
      ...state,
    },
  }
}
