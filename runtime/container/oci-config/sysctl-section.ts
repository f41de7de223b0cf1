import { OperationError } from '../../../native/error.ts'
import { dottedSysctl, sysctlNamespace, sysctlParts } from '../../spec/sysctl-name.ts'
import type { ContainerOptions } from '../options.ts'
import type { ContainerFacts } from './facts.ts'

/**
 * The `linux.sysctl` section: docker's defaults for a network of one's own, then the user's.
 * @throws {OperationError} INVALID_ARGUMENT for a setting that would change the host
 */
export function sysctlSection(
  options: ContainerOptions,
  facts: ContainerFacts,
): Record<string, string> {
  const own = Object.entries(options.sysctls).map(
    ([key, value]) => [dottedSysctl(key), value] as const,
  )
  for (const [key] of own) requireNamespaced(key, options)
  return { ...networkDefaults(options, facts), ...Object.fromEntries(own) }
}

/** Any user may ping and listen on low ports: it is the container's own address. */
function networkDefaults(
  { network }: ContainerOptions,
  { uidMappings, isRootless }: ContainerFacts,
): Record<string, string> {
  const isNew = ['bridge', 'networks', 'none'].includes(network.mode.kind)
  if (!isNew) return {}
  const isMapped = uidMappings.length > 0 || isRootless
  return {
    'net.ipv4.ip_unprivileged_port_start': '0',
    // The kernel refuses a range with ids that the user namespace does not map.
    'net.ipv4.ping_group_range': isMapped ? '0 0' : '0 2147483647',
  }
}

function requireNamespaced(key: string, { network, namespaces }: ContainerOptions): void {
  const refuse = (hint: string) =>
    new OperationError('INVALID_ARGUMENT', 'set a sysctl', { key }, { hint })
  const owner = sysctlNamespace(sysctlParts(key))
  if (owner === 'network') {
    if (network.mode.kind === 'host')
      throw refuse('It would change the host: --network host shares its settings')
  } else if (owner === 'ipc') {
    if (namespaces.ipc.kind === 'host')
      throw refuse('It would change the host: --ipc host shares its settings')
  } else if (key === 'kernel.domainname' && namespaces.uts.kind !== 'host') return
  else if (key === 'kernel.hostname') throw refuse('Use --hostname')
  else throw refuse('It is not a setting of a namespace, so it would change the host')
}
