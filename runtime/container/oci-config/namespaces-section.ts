import { OperationError } from '../../../native/error.ts'
import type { Namespace } from '../../spec/config.ts'
import type { ContainerOptions } from '../options.ts'
import type { ContainerFacts, NamespaceKey } from './facts.ts'

/** The `linux.namespaces` section: a new one of each kind that is neither the host's nor joined. */
export function namespacesSection(options: ContainerOptions, facts: ContainerFacts): Namespace[] {
  const { pid, ipc, uts, cgroup, time, user } = options.namespaces
  const kinds: Readonly<Record<NamespaceKey, string>> = {
    pid: pid.kind,
    network: options.network.mode.kind,
    ipc: ipc.kind,
    uts: uts.kind,
    cgroup: cgroup.kind,
    time: time.kind,
    // Mapped ids need a user namespace even where the word says host.
    user: user.kind === 'host' && facts.uidMappings.length > 0 ? 'private' : user.kind,
  }
  const order: NamespaceKey[] = ['user', 'pid', 'network', 'ipc', 'uts', 'cgroup', 'time']
  const found = order.flatMap((type) => namespace(type, kinds[type], facts))
  return [{ type: 'mount' }, ...found]
}

function namespace(type: NamespaceKey, kind: string, facts: ContainerFacts): Namespace[] {
  // Network mode `none` is a new namespace with a loopback alone.
  if (kind === 'host') return []
  const path = facts.namespacePaths[type]
  if (path !== undefined) return [{ type, path }]
  if (kind !== 'container' && kind !== 'path') return [{ type }]
  throw new OperationError(
    'BAD_STATE',
    `join a ${type} namespace`,
    { kind },
    {
      hint: 'The container whose namespace is to be joined must be running',
    },
  )
}
