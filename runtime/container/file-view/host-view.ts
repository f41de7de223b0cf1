import { closeSync } from 'node:fs'
import { openRoot } from '../../../rootfs/path-in-root.ts'
import type { FileView } from './file-view.ts'

/** The files of the host, as this process sees them. */
export function openHostView(): FileView {
  return viewOf(openRoot('/').descriptor)
}

/** A writable view below one folder, with nothing mounted and ids as they are. */
export function viewOf(root: number): FileView {
  return {
    root,
    isWritable: true,
    mounts: [],
    uidMappings: [],
    gidMappings: [],
    close: () => closeSync(root),
  }
}
