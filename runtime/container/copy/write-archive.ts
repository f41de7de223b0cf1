import { endOfArchive, formatTarHeader, tarPadding } from '../../../rootfs/layer/tar-writer.ts'
import type { TarEntry } from '../../../rootfs/layer/tar-entry.ts'
import type { TextSink } from '../../cli/command-io.ts'
import type { EntrySink } from './entry-sink.ts'

const zeros = Buffer.alloc(64 * 1024)

/** Writes entries as a tar archive. Sparse files come out whole: not every reader knows the formats. */
export function createArchiveWriter(output: TextSink): EntrySink {
  let current: TarEntry | undefined
  let chunk = 0
  let inChunk = 0
  let written = 0

  function writeZeros(count: number): void {
    for (let left = count; left > 0; left -= zeros.length)
      output.write(zeros.subarray(0, Math.min(left, zeros.length)))
    written += Math.max(count, 0)
  }

  function write(bytes: Buffer): void {
    output.write(bytes)
    written += bytes.length
  }

  return {
    entry(entry) {
      output.write(
        formatTarHeader({
          type: entry.kind,
          name: entry.kind === 'directory' ? `${entry.name}/` : entry.name,
          linkName: entry.linkName,
          mode: entry.mode,
          uid: entry.uid,
          gid: entry.gid,
          size: entry.size,
          mtime: entry.mtime.seconds,
          nanoseconds: entry.mtime.nanoseconds,
          devMajor: entry.devMajor,
          devMinor: entry.devMinor,
          xattrs: entry.xattrs,
        }),
      )
      current = entry
      chunk = inChunk = written = 0
    },
    data(bytes) {
      const sparse = current?.sparse
      if (!sparse) return write(bytes)
      for (let at = 0; at < bytes.length;) {
        const stretch = sparse[chunk]
        if (!stretch) return
        if (inChunk === 0) writeZeros(stretch.offset - written)
        const size = Math.min(stretch.size - inChunk, bytes.length - at)
        write(bytes.subarray(at, at + size))
        at += size
        inChunk += size
        if (inChunk < stretch.size) continue
        chunk++
        inChunk = 0
      }
    },
    end() {
      if (!current) return
      writeZeros(current.size - written)
      output.write(tarPadding(current.size))
    },
    finish() {
      output.write(endOfArchive)
    },
    close() {
      current = undefined
    },
  }
}
