import { mkdirSync } from 'node:fs'
import { copyStep } from '../../rootfs/build-steps/copy-step.ts'
import { openLayersSource } from '../../rootfs/build-steps/open-source.ts'
import type { MountSource } from '../../rootfs/build-steps/run-request.ts'
import type { FileSource } from '../../rootfs/build-steps/file-source.ts'

/** Copy a folder's content, or a file, of a context or of layers into a folder of ours. */
export async function fillFrom(from: MountSource, path: string, folder: string): Promise<void> {
  mkdirSync(folder, { recursive: true, mode: 0o755 })
  if (from.kind === 'context') return copyInto(from.source, path, folder)
  using source = openLayersSource(from.folders, 'the source of a mount')
  await copyInto(source, path, folder)
}

async function copyInto(source: FileSource, path: string, folder: string): Promise<void> {
  const step = { path: folder, upper: folder, work: '', layersBelow: [], discard: () => undefined }
  // What looks like a wildcard in a mount's source is a name.
  const pattern = path.replaceAll(/[*?[\\]/g, String.raw`\$&`)
  await copyStep(step, {
    operands: [{ kind: 'pattern', pattern }],
    source,
    destination: '/',
    link: false,
    parents: false,
    unpack: false,
    time: { seconds: 0, nanoseconds: 0 },
  })
}
