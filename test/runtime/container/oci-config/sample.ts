// Inputs that the tests of this folder vary.

import { defaultOptions } from '../../../../runtime/container/default-options.ts'
import type { ContainerFacts } from '../../../../runtime/container/oci-config/facts.ts'
import { buildConfig } from '../../../../runtime/container/oci-config/build-config.ts'
import { resolveConfig } from '../../../../runtime/container/oci-config/resolve-config.ts'
import type { ContainerOptions } from '../../../../runtime/container/options.ts'
import type { ImageConfig } from '../../../../rootfs/store/image.ts'
import type { Config } from '../../../../runtime/spec/config.ts'

export const sampleImage: ImageConfig = {
  env: ['LANG=C', 'PATH=/bin'],
  cmd: ['sh'],
  entrypoint: undefined,
  user: '',
  workingDir: '',
  volumes: [],
  exposedPorts: [],
  labels: {},
  stopSignal: undefined,
  healthcheck: undefined,
  shell: undefined,
  onBuild: [],
  architecture: 'amd64',
  variant: undefined,
  os: 'linux',
  created: undefined,
  author: undefined,
}

export const sampleFacts: ContainerFacts = {
  id: 'abcdef0123456789'.repeat(4),
  rootfsPath: '/rootfs',
  mounts: [],
  hostsPath: '/run/hosts',
  passwd: 'root:x:0:0::/root:\napp:x:1000:1000::/home/app:\n',
  group: '',
  namespacePaths: {},
  cgroupPath: '/mycontainer/abc',
  uidMappings: [],
  gidMappings: [],
  isRootless: false,
  hasTtyGroup: true,
  devicesAt: (path) => [{ path, type: 'c', major: 10, minor: 229 }],
  allDevices: () => [{ path: '/dev/kmsg', type: 'c', major: 1, minor: 11 }],
  seccompFor: (capabilities) => ({
    defaultAction: 'SCMP_ACT_ERRNO',
    syscalls: [{ names: [...capabilities], action: 'SCMP_ACT_ALLOW' }],
  }),
}

/** The configuration of a sample that differs in `options`, `facts` and `image`. */
export function sampleConfig({
  options = {},
  facts = {},
  image = {},
}: {
  options?: Partial<ContainerOptions>
  facts?: Partial<ContainerFacts>
  image?: Partial<ImageConfig>
} = {}): Config {
  const full = { ...defaultOptions('sample'), ...options }
  const resolved = resolveConfig(full, { ...sampleImage, ...image })
  return buildConfig(full, resolved, { ...sampleFacts, ...facts })
}
