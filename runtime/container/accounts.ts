import { lstatSync } from 'node:fs'
import { join } from 'node:path'
import { hasAttributeOfPath } from '../../native/xattr.ts'
import { opaqueMarks } from '../../rootfs/layer/opaque-folder.ts'
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

/**
 * A look at a folder of ours. The container can change what is seen here while we look, but only to
 * make us read its own files, from within its root.
 */
function mayHaveChanged({ folders }: EngineContext, record: ContainerRecord): boolean {
  if (record.options.rootfs) return true
  if (record.mounts.some(({ destination }) => /^\/etc(?:\/(?:passwd|group))?$/.test(destination)))
    return true
  const etc = join(containerFolder(folders, record.id).upper, 'etc')
  const status = lstatSync(etc, { throwIfNoEntry: false })
  if (status === undefined) return false
  return (
    !status.isDirectory() ||
    accountFiles.some((name) => lstatSync(join(etc, name), { throwIfNoEntry: false })) ||
    opaqueMarks.some((mark) => hasAttributeOfPath(etc, mark))
  )
}

const accountFiles = ['passwd', 'group'] as const
