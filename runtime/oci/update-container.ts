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
export async function updateContainer(
  root: string,
  id: string,
  resources: CgroupResources,
  env: NodeJS.ProcessEnv,
): Promise<readonly string[]> {
  const container = readContainer(root, id)
  requireStatus(container, 'update', 'created', 'running', 'paused')
  const { folder, record } = container
  const facts = readHostFacts()
  const request = {
    location: requireGroup(container, 'update'),
    hierarchy: facts.cgroups,
    resources,
    rootless: facts.rootless,
  }
  const { location, warnings } = updateResources(request)
  if (record.unit !== undefined) {
    const { updateUnit } = await import('./systemd/with-unit.ts')
    updateUnit(record.unit, request, env)
  }
  // On v1 it may be in more groups now, which a later command must know of.
  const config = readStoredConfig(folder)
  writeState(folder, { ...record, cgroup: location }, config)
  return warnings
}
