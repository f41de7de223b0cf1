import { lstatSync } from 'node:fs'
import { join } from 'node:path'
import { containerFolder } from './container-folder.ts'
import type { EngineContext } from './engine-context.ts'
import type { UserFiles } from './oci-config/resolve-user.ts'
import type { ContainerRecord } from './record.ts'
import type { RootSource } from './resolve-image.ts'

/**
 * /etc/passwd and /etc/group as a container has them now: the image's, unless it may have changed
 * them.
 *
 * @param isStarting the caller holds the container's lock and it does not run
 */
export async function accountsOf(
  context: EngineContext,
  record: ContainerRecord,
  image: RootSource,
  isStarting: boolean,
): Promise<UserFiles> {
  const known = { passwd: image.passwd, group: image.group }
  if (!mayHaveChanged(context, record)) return known
  const { readAccounts } = await import('./read-accounts.ts')
  return readAccounts(context, record, known, isStarting)
}

/** One look at a folder of ours: while the container has not touched /etc, the image's text is right. */
function mayHaveChanged({ folders }: EngineContext, record: ContainerRecord): boolean {
  if (record.options.rootfs) return true
  if (record.mounts.some(({ destination }) => /^\/etc(?:\/(?:passwd|group))?$/.test(destination)))
    return true
  const { upper } = containerFolder(folders, record.id)
  return lstatSync(join(upper, 'etc'), { throwIfNoEntry: false }) !== undefined
}
