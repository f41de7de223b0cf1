import { closeSync, copyFileSync, mkdirSync, openSync, statSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { writeAll } from '../../native/write-all.ts'
import { endOfArchive, formatTarHeader, tarPadding } from '../layer/tar-writer.ts'
import { reusedPieces } from '../store/blob-source.ts'

/** Where the files of saved images go: into an archive, or into a folder. */
export interface FileSink {
  /** A copy of the file at `path`. */
  file(name: string, path: string): void
  text(name: string, content: string): void
  finish(): void
}

/** A plain tar written to a descriptor. The same files give the same bytes. */
export function archiveSink(output: number): FileSink {
  return {
    file(name, path) {
      const { size } = statSync(path)
      writeAll(output, memberHeader(name, size))
      const descriptor = openSync(path, 'r')
      try {
        const source = { descriptor, offset: 0, size }
        for (const piece of reusedPieces(source)) writeAll(output, piece)
      } finally {
        closeSync(descriptor)
      }
      writeAll(output, tarPadding(size))
    },
    text(name, text) {
      const content = Buffer.from(text)
      const header = memberHeader(name, content.length)
      writeAll(output, Buffer.concat([header, content, tarPadding(content.length)]))
    },
    finish: () => writeAll(output, endOfArchive),
  }
}

/** Files of a folder, which is made. What is there under the same names is replaced. */
export function folderSink(folder: string): FileSink {
  const place = (name: string): string => {
    const path = join(folder, name)
    mkdirSync(dirname(path), { recursive: true })
    return path
  }
  return {
    file: (name, path) => copyFileSync(path, place(name)),
    text: (name, text) => writeFileSync(place(name), text),
    finish: () => undefined,
  }
}

function memberHeader(name: string, size: number): Buffer {
  return formatTarHeader({ type: 'file', name, mode: 0o644, uid: 0, gid: 0, size, mtime: 0 })
}
