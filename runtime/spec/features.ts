import { capabilityNames } from '../security/capabilities.ts'
import { hookMoments } from './hooks.ts'
import { memoryPolicyFlags, memoryPolicyModes, namespaceTypes } from './linux.ts'
import { mountOptionNames } from './mount-options.ts'
import { seccompActions, seccompFlags, seccompOperators } from './seccomp.ts'
import { OCI_VERSION } from './state.ts'

/** Architectures whose system calls the seccomp compiler can name. */
export const supportedSeccompArchitectures = [
  'SCMP_ARCH_AARCH64',
  'SCMP_ARCH_ARM',
  'SCMP_ARCH_X32',
  'SCMP_ARCH_X86',
  'SCMP_ARCH_X86_64',
] as const

/**
 * The `features` document: what this build implements, whatever the host can do.
 * @see https://github.com/opencontainers/runtime-spec/blob/v1.3.0/features.md
 */
export function buildFeatures(version: string): Readonly<Record<string, unknown>> {
  return {
    ociVersionMin: '1.0.0',
    ociVersionMax: OCI_VERSION,
    hooks: hookMoments,
    mountOptions: mountOptionNames,
    linux: {
      namespaces: namespaceTypes.toSorted(),
      capabilities: capabilityNames,
      cgroup: { v1: true, v2: true, systemd: true, systemdUser: true, rdma: true },
      seccomp: {
        enabled: true,
        actions: seccompActions.toSorted(),
        operators: seccompOperators.toSorted(),
        archs: supportedSeccompArchitectures,
        knownFlags: seccompFlags,
        supportedFlags: seccompFlags,
      },
      apparmor: { enabled: true },
      selinux: { enabled: true },
      intelRdt: { enabled: true, schemata: true, monitoring: true },
      memoryPolicy: { modes: memoryPolicyModes, flags: memoryPolicyFlags },
      mountExtensions: { idmap: { enabled: true } },
      netDevices: { enabled: true },
    },
    annotations: { 'mycontainer.version': version },
  }
}
