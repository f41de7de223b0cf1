import { renameInRecords } from '../network/name-records.ts'
import type { EngineContext } from './engine-context.ts'
import { withContainerLock } from './container-lock.ts'
import { publishContainerEvent } from './events.ts'
import { claimName, releaseName } from './name-registry.ts'
import { parseName } from './parse/name.ts'
import { readState } from './read-state.ts'
import { isBeingMade, resolveContainer, rewriteRecord } from './record-store.ts'

/** Give a container another name. @throws `ALREADY_EXISTS`, `INVALID_ARGUMENT`, `NOT_FOUND` */
export async function renameContainer(
  context: EngineContext,
  reference: string,
  newName: string,
): Promise<void> {
  const { folders } = context
  const name = parseName('container', newName)
  const { id } = resolveContainer(folders, reference)
  await withContainerLock(folders, id, async () => {
    const record = resolveContainer(folders, id)
    claimName(folders, name, id, (other) => isBeingMade(folders, other))
    const renamed = { ...record, name }
    rewriteRecord(folders, renamed)
    // The monitor of a running --rm container takes the old name away at the end, whoever has it
    // then: until then it stays ours.
    const { pid, network } = readState(folders, record)
    const isPromised = record.options.rm && pid !== 0
    if (!isPromised) releaseName(folders, record.name, id)
    if (pid !== 0)
      for (const { network: one } of network?.attachments ?? [])
        renameInRecords(folders, one, id, [record.name, name])
    publishContainerEvent(folders, renamed, 'rename', { oldName: record.name })
  })
}
