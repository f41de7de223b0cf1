import { updateResources } from '../cgroup/update-resources.ts'
import type { UpdateOptions } from '../cli/engine.ts'
import { containerFolder } from './container-folder.ts'
import { withContainerLock } from './container-lock.ts'
import type { EngineContext } from './engine-context.ts'
import { publishContainerEvent } from './events.ts'
import { devicesAt } from './host-devices.ts'
import { resourcesSection } from './oci-config/resources-section.ts'
import { readState } from './read-state.ts'
import { resolveContainer, rewriteRecord } from './record-store.ts'
import { readStartRecord, writeStartRecord } from './start-record.ts'

/**
 * Change the limits of a container, now where it runs and for later starts.
 *
 * @throws {OperationError} `NOT_FOUND`, `UNSUPPORTED`, `INVALID_SPEC`; nothing is changed then
 */
export async function updateContainer(
  context: EngineContext,
  reference: string,
  options: UpdateOptions,
): Promise<void> {
  const { folders, facts } = context
  const { id } = resolveContainer(folders, reference)
  await withContainerLock(folders, id, async () => {
    const record = resolveContainer(folders, id)
    const folder = containerFolder(folders, id)
    const start = readStartRecord(folder)
    if (start && readState(folders, record).pid !== 0) {
      const { location } = updateResources({
        hierarchy: facts.cgroups,
        location: start.cgroup,
        resources: resourcesSection(options.resources, devicesAt),
        rootless: facts.rootless,
      })
      writeStartRecord(folder, { ...start, cgroup: location }, true)
    }
    rewriteRecord(folders, {
      ...record,
      options: {
        ...record.options,
        resources: { ...record.options.resources, ...options.resources },
        ...(options.restart ? { restart: options.restart } : {}),
      },
    })
    publishContainerEvent(folders, record, 'update')
  })
}
