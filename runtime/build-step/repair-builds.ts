import { readdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { hasCode } from '../../native/error.ts'
import type { EngineContext } from '../container/engine-context.ts'
import { listRecords } from '../container/record-store.ts'
import { removeContainer } from '../container/remove.ts'
import { secretFolders } from './secret-file.ts'
import { isOwnerAlive, stepAnnotation } from './step-owner.ts'

/** End and remove what builds that were killed have left: containers, secrets. Their folders go with their leases. */
export async function repairBuilds(context: EngineContext): Promise<void> {
  for (const { id, options } of listRecords(context.folders)) {
    const owner = options.annotations[stepAnnotation]
    if (owner === undefined || isOwnerAlive(owner)) continue
    try {
      await removeContainer(context, id, { force: true, volumes: true })
    } catch (error) {
      // Its monitor, or another command, was faster.
      if (!hasCode(error, 'NOT_FOUND')) throw error
    }
  }
  for (const { parent, prefix } of secretFolders(context.folders))
    for (const name of namesIn(parent)) {
      const owner = name.startsWith(prefix) ? name.slice(prefix.length).split('-') : []
      if (owner.length === 3 && !isOwnerAlive(`${owner[0]} ${owner[1]}`))
        rmSync(join(parent, name), { recursive: true, force: true })
    }
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder)
  } catch {
    return []
  }
}
