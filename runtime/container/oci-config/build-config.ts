import type { Config } from '../../spec/config.ts'
import type { ContainerOptions } from '../options.ts'
import type { ResolvedConfig } from '../record.ts'
import { devicesSection } from './devices-section.ts'
import type { ContainerFacts } from './facts.ts'
import { mountsSection, rootPropagation } from './mounts-section.ts'
import { namespacesSection } from './namespaces-section.ts'
import { processSection, programCapabilities } from './process-section.ts'
import { resolveUser } from './resolve-user.ts'
import { resourcesSection } from './resources-section.ts'
import { sysctlSection } from './sysctl-section.ts'
import { systemPaths } from './system-paths.ts'

const ociVersion = '1.3.0'

/**
 * Turn what the user asked for into an OCI runtime configuration. Pure: everything about the
 * host is in `facts`, so that the same input always gives the same configuration.
 * @param resolved what `resolveConfig` made of options and image
 * @throws {OperationError} INVALID_ARGUMENT, NOT_FOUND (user or group), BAD_STATE (namespace)
 */
export function buildConfig(
  options: ContainerOptions,
  resolved: ResolvedConfig,
  facts: ContainerFacts,
): Config {
  const { uts } = options.namespaces
  const hostname = containerHostname(options, facts)
  const user = resolveUser(resolved.user, options.groupAdd, facts)
  return {
    ociVersion,
    root: { path: facts.rootfsPath, readonly: options.readOnly },
    mounts: mountsSection(options, facts),
    process: processSection({ options, resolved, facts, user, hostname }),
    ...(uts.kind === 'private' ? { hostname } : {}),
    ...(uts.kind === 'private' && options.domainname !== undefined
      ? { domainname: options.domainname }
      : {}),
    annotations: { ...options.annotations },
    linux: linuxSection(options, facts),
  }
}

/** The name inside: the user's, else the first 12 digits of the id, else the joined one. */
export function containerHostname(
  { hostname, namespaces }: ContainerOptions,
  { id, joinedHostname }: Pick<ContainerFacts, 'id' | 'joinedHostname'>,
): string {
  const own = hostname ?? id.slice(0, 12)
  return namespaces.uts.kind === 'private' ? own : (joinedHostname ?? own)
}

function linuxSection(
  options: ContainerOptions,
  facts: ContainerFacts,
): NonNullable<Config['linux']> {
  const { privileged } = options.security
  const { devices, rules } = devicesSection(options, facts)
  const capabilities = programCapabilities(options, facts)
  // Without a filter unless one is asked for by name, as with docker and podman.
  const isUnfiltered = privileged && options.security.seccomp === undefined
  const seccomp = isUnfiltered ? undefined : facts.seccompFor(capabilities)
  const { uidMappings, gidMappings } = facts
  const domain = personalityDomain(options.personality)
  return {
    namespaces: namespacesSection(options, facts),
    ...(uidMappings.length === 0 ? {} : { uidMappings: [...uidMappings] }),
    ...(gidMappings.length === 0 ? {} : { gidMappings: [...gidMappings] }),
    devices,
    cgroupsPath: facts.cgroupPath,
    resources: { devices: rules, ...resourcesSection(options.resources, facts.devicesAt) },
    sysctl: sysctlSection(options, facts),
    ...(seccomp === undefined ? {} : { seccomp }),
    ...(facts.selinux === undefined ? {} : { mountLabel: facts.selinux.mount }),
    rootfsPropagation: rootPropagation(facts),
    ...systemPaths(options.security, facts.cpus),
    ...(domain === undefined ? {} : { personality: { domain } }),
  }
}

function personalityDomain(text: string | undefined): 'LINUX' | 'LINUX32' | undefined {
  if (text === undefined) return undefined
  return text.toUpperCase() === 'LINUX32' ? 'LINUX32' : 'LINUX'
}
