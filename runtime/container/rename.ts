import type { EngineContext } from './engine-context.ts'
import { withContainerLock } from './container-lock.ts'
import { claimName, releaseName } from './name-registry.ts'
import { parseName } from './parse/name.ts'
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
    rewriteRecord(folders, { ...record, name })
    releaseName(folders, record.name, id)
  })
}
