import { engineFolders, hostUser } from '../../runtime/container/folders.ts'
import { openImageStore } from '../../rootfs/store/image-store.ts'
import type { ImageStore } from '../../rootfs/store/image-store.ts'

/** The images below a runtime's `--root`. @param root undefined: those of this machine's user */
export function openStorageOf(
  root: string | undefined,
  env: Readonly<Record<string, string | undefined>>,
): ImageStore {
  return openImageStore(engineFolders(root, env, hostUser(env), process.cwd()))
}
