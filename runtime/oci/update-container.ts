import type { CgroupResources } from '../cgroup/resources.ts'
import { updateResources } from '../cgroup/update-resources.ts'
import { readHostFacts } from '../inspect-host/host-facts.ts'
import { readContainer, requireStatus } from './oci-record.ts'
import { requireGroup } from './require-group.ts'
import { writeState } from './write-state.ts'
import { readStoredConfig } from './stored-config.ts'

/**
 * `update`: change the limits of a container.
 *
 * @returns what was left out safely
 * @throws {OperationError} `INVALID_SPEC`, `UNSUPPORTED`, `SYSCALL_FAILED`: with the old limits in force
 */
export function updateContainer(
  root: string,
  id: string,
  resources: CgroupResources,
): readonly string[] {
  const container = readContainer(root, id)
  requireStatus(container, 'update', 'created', 'running', 'paused')
  const { folder, record } = container
  const facts = readHostFacts()
  const { location, warnings } = updateResources({
    location: requireGroup(container, 'update'),
    hierarchy: facts.cgroups,
    resources,
    rootless: facts.rootless,
  })
  // On v1 it may be in more groups now, which a later command must know of.
  const config = readStoredConfig(folder)
  writeState(folder, { ...record, cgroup: location }, config)
  return warnings
}
