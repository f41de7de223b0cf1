import { join, resolve } from 'node:path'
import { requireStateRoot, requireUserFolders } from '../../native/state-root.ts'
import type { ImageStore } from '../store/image-store.ts'
import { print, printError } from './print.ts'

export interface StateFolders {
  readonly dataDir: string
  readonly runDir: string
}

/** Where state is: below `root` where one is given, else the system's or the user's places. */
function stateFolders(root: string | undefined): StateFolders {
  const below = root ?? process.env['MYCONTAINER_ROOT']
  if (below !== undefined && below !== '') {
    requireStateRoot(resolve(below))
    return { dataDir: join(below, 'data'), runDir: join(below, 'run') }
  }
  // Inside an ordinary user's own user namespace the launcher says who that is.
  const uid = Number(process.env['MYCONTAINER_ROOTLESS_UID'] ?? process.geteuid?.() ?? 0)
  if (uid === 0) return { dataDir: '/var/lib/mycontainer', runDir: '/run/mycontainer' }
  const dataHome = process.env['XDG_DATA_HOME'] || join(process.env['HOME'] || '/', '.local/share')
  const runtimeDir = process.env['XDG_RUNTIME_DIR']
  const folders = {
    dataDir: join(dataHome, 'mycontainer'),
    runDir: runtimeDir ? join(runtimeDir, 'mycontainer') : `/tmp/mycontainer-run-${uid}`,
  }
  requireUserFolders(folders)
  return folders
}

export interface CommandContext {
  /** Folders as the global flags have them. */
  readonly folders: StateFolders
  readonly store: ImageStore
  readonly print: (line: string) => void
  /** Something the user should know that is no error; to standard error. */
  readonly note: (text: string) => void
}

/** Open the store that the global flags name. */
export async function openContext(root: string | undefined): Promise<CommandContext> {
  const { openImageStore } = await import('../store/image-store.ts')
  const folders = stateFolders(root)
  const noted = new Set<string>()
  return {
    folders,
    store: openImageStore(folders),
    print: (line) => print(`${line}\n`),
    note: (text) => {
      if (noted.has(text)) return
      noted.add(text)
      printError(`myimage: note: ${text}\n`)
    },
  }
}
