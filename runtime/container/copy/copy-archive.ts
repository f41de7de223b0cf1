import { OperationError } from '../../../native/error.ts'
import { createTarReader } from '../../../rootfs/layer/tar-reader.ts'
import type { TextSink } from '../../cli/command-io.ts'
import { toRaw } from '../../../native/raw-text.ts'
import { walkPath } from '../file-view/walk-path.ts'
import {
  type CopyEnd,
  type CopyIo,
  type CopyManner,
  openSource,
  ownerRule,
} from './copy-between.ts'
import { sourceName } from './path-rules.ts'
import { readTree } from './read-tree.ts'
import { createArchiveWriter } from './write-archive.ts'
import { createTreeWriter } from './write-tree.ts'

/** `cp CONTAINER:PATH -`: a file or folder as a tar archive, with the owners it has. */
export async function copyToArchive(
  from: CopyEnd,
  { followLink }: CopyManner,
  output: TextSink,
): Promise<void> {
  const source = openSource(from, followLink)
  const sink = createArchiveWriter(output)
  try {
    await readTree(from.view, source, toRaw(sourceName(from.path)), sink)
    sink.finish()
  } finally {
    sink.close()
    source.close()
  }
}

/** `cp - CONTAINER:PATH`: a plain tar archive into an existing folder, with the owners it names. */
export async function copyArchiveTo(to: CopyEnd, _manner: CopyManner, io: CopyIo): Promise<void> {
  const target = walkPath(to.view, toRaw(to.path), true)
  try {
    if (!target.status?.isDirectory())
      throw new OperationError(
        target.status ? 'INVALID_ARGUMENT' : 'NOT_FOUND',
        'unpack an archive where there is no folder',
        { path: to.path },
        { exitCode: 1 },
      )
    const sink = createTreeWriter({
      view: to.view,
      target,
      ownerOf: ownerRule(to, true),
      keepAttributes: true,
      setTarget: false,
      followLinks: true,
      onNote: (note) => io.stderr.write(`${note}\n`),
    })
    try {
      const reader = createTarReader(sink)
      for await (const chunk of io.stdin) reader.push(Buffer.from(chunk))
      reader.finish()
      sink.finish()
    } finally {
      sink.close()
    }
  } finally {
    target.close()
  }
}
