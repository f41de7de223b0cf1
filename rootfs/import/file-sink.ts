import {
  closeSync,
  copyFileSync,
  mkdirSync,
  openSync,
  statSync,
  writeFileSync,
  writeSync,
} from 'node:fs'
import { dirname, join } from 'node:path'
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
      writeFully(output, memberHeader(name, size))
      const descriptor = openSync(path, 'r')
      try {
        const source = { descriptor, offset: 0, size }
        for (const piece of reusedPieces(source)) writeFully(output, piece)
      } finally {
        closeSync(descriptor)
      }
      writeFully(output, tarPadding(size))
    },
    text(name, text) {
      const content = Buffer.from(text)
      const header = memberHeader(name, content.length)
      writeFully(output, Buffer.concat([header, content, tarPadding(content.length)]))
    },
    finish: () => writeFully(output, endOfArchive),
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

/** All bytes, also into a pipe that is full and in non-blocking mode because another process shares it. */
export function writeFully(output: number, piece: Uint8Array): void {
  for (let at = 0; at < piece.length;) {
    try {
      at += writeSync(output, piece, at)
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EAGAIN') throw error
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 2)
    }
  }
}
