import { closeSync, fstatSync, openSync, readFileSync } from 'node:fs'
import { openFlags } from '../../native/file.ts'
import { openRunningRoot, openStoppedRoot } from './container-root.ts'
import type { EngineContext } from './engine-context.ts'
import type { FileView } from './file-view/file-view.ts'
import { type Place, walkPath } from './file-view/walk-path.ts'
import type { UserFiles } from './oci-config/resolve-user.ts'
import type { ContainerRecord } from './record.ts'

const maxSize = 1024 * 1024

/**
 * Read the account files in a container's root. They are the container's own, so nothing of them
 * is believed but their text: no link leads out, and nothing but a regular file of sane size is
 * opened (CVE-2024-9676).
 *
 * @param known the image's, for a file that cannot be read
 */
export async function readAccounts(
  context: EngineContext,
  record: ContainerRecord,
  known: UserFiles,
  isStarting: boolean,
): Promise<UserFiles> {
  const view = isStarting
    ? await openStoppedRoot(context, record, { write: false })
    : openRunningRoot(context.folders, record)
  if (!view) return known
  try {
    return {
      passwd: readSmallFile(view, '/etc/passwd') ?? known.passwd,
      group: readSmallFile(view, '/etc/group') ?? known.group,
    }
  } finally {
    view.close()
  }
}

function readSmallFile(view: FileView, path: string): string | undefined {
  let place: Place
  try {
    place = walkPath(view, path, true)
  } catch {
    return undefined
  }
  try {
    const { file, status } = place
    if (file === undefined || !status?.isFile() || status.size > maxSize) return undefined
    return readDescriptor(file)
  } finally {
    place.close()
  }
}

/** A descriptor opened with `O_PATH` is opened again, for reading: it is the file that was looked at. */
function readDescriptor(file: number): string | undefined {
  const opened = openSync(`/proc/self/fd/${file}`, openFlags.nonBlock | openFlags.noCtty)
  try {
    return fstatSync(opened).size > maxSize ? undefined : readFileSync(opened, 'utf8')
  } finally {
    closeSync(opened)
  }
}
