import { type FSWatcher, closeSync, fstatSync, openSync, readSync, statSync, watch } from 'node:fs'
import type { LogEntry, LogsOptions } from '../../cli/engine.ts'
import { isSystemError } from '../../../native/system-error.ts'
import { logFiles, rotatedPath, tailPosition } from './log-files.ts'
import { type StoredLogFormat, parseLogLine } from './parse-entry.ts'

export interface LogSource {
  readonly folder: string
  /** Of the file written to; default container.log. */
  readonly name?: string | undefined
  readonly format: StoredLogFormat
  /** Whether more may be written: the container runs, or its monitor still empties the pipes. */
  isLive(): boolean
  /** Settles when it no longer is. */
  ended(): Promise<unknown>
}

/**
 * Entries of a container's log, oldest first, across rotated files. With `follow` it goes on until
 * the container has ended and everything written was read; rotations in between lose nothing that
 * was not deleted, because each file is read to its end and then the one that came after it.
 */
export async function* readLogs(source: LogSource, options: LogsOptions): AsyncGenerator<LogEntry> {
  using changes = options.follow ? watchFolder(source, options.signal) : undefined
  let reader = openFirst(source, options.tail)
  try {
    for (;;) {
      const wasLive = options.follow && source.isLive()
      if (reader) yield* select(reader.lines(), source.format, options)
      if (options.signal?.aborted) return
      const next = openNext(source, reader)
      if (next) {
        // Whatever came between our last read and the rotation.
        if (reader) yield* select(reader.lines(), source.format, options)
        reader?.close()
        reader = next
      } else {
        if (!wasLive || !changes) return
        await changes.next()
      }
    }
  } finally {
    reader?.close()
  }
}

function openFirst({ folder, name }: LogSource, tail: number | undefined): LineReader | undefined {
  const files = logFiles(folder, name)
  const start = tail === undefined ? { file: 0, offset: 0 } : tailPosition(files, tail)
  const path = files[start.file]
  return path === undefined ? undefined : openLines(path, start.offset)
}

/** The file that was begun after the one of `reader`; the oldest one where that is deleted. */
function openNext(source: LogSource, reader: LineReader | undefined): LineReader | undefined {
  for (;;) {
    const files = listFiles(source)
    const index = files.findLastIndex(({ inode }) => inode === reader?.inode) + 1
    // A file that moved between two looks is not deleted.
    if (reader && index === 0 && !reader.isDeleted()) continue
    const wanted = files[index]
    if (!wanted) return undefined
    const next = openLines(wanted.path, 0)
    if (next && next.inode === wanted.inode) return next
    next?.close()
  }
}

/**
 * Oldest first. Looked at newest first and by number: rotations meanwhile move files to higher
 * numbers, so that one may be seen twice but none is missed.
 */
function listFiles({ folder, name }: LogSource): { path: string; inode: number }[] {
  const count = logFiles(folder, name).length + 1
  return Array.from({ length: count }, (_, age) => rotatedPath(folder, age, name))
    .flatMap((path) => {
      const inode = statSync(path, { throwIfNoEntry: false })?.ino
      return inode === undefined ? [] : [{ path, inode }]
    })
    .toReversed()
}

function* select(
  lines: Iterable<Buffer>,
  format: StoredLogFormat,
  options: LogsOptions,
): Generator<LogEntry> {
  for (const line of lines) {
    const entry = parseLogLine(line, format)
    if (!entry) continue
    if (options.since !== undefined || options.until !== undefined) {
      const time = Date.parse(entry.time)
      if (options.since !== undefined && time < options.since) continue
      if (options.until !== undefined && time > options.until) return
    }
    yield entry
  }
}

interface LineReader {
  /** Complete lines that are there and were not read yet. */
  lines(): Iterable<Buffer>
  readonly inode: number
  isDeleted(): boolean
  close(): void
}

function openLines(path: string, offset: number): LineReader | undefined {
  let file: number
  try {
    file = openSync(path, 'r')
  } catch (error) {
    if (isSystemError(error, 'ENOENT')) return undefined
    throw error
  }
  let position = offset
  let rest: Buffer = Buffer.alloc(0)
  const block = Buffer.alloc(64 * 1024)
  return {
    inode: fstatSync(file).ino,
    isDeleted: () => fstatSync(file).nlink === 0,
    *lines() {
      for (;;) {
        const count = readSync(file, block, 0, block.length, position)
        if (count === 0) return
        position += count
        let bytes = Buffer.concat([rest, block.subarray(0, count)])
        for (let end = bytes.indexOf(0x0a); end >= 0; end = bytes.indexOf(0x0a)) {
          yield bytes.subarray(0, end)
          bytes = bytes.subarray(end + 1)
        }
        rest = bytes
      }
    },
    close: () => closeSync(file),
  }
}

interface Changes extends Disposable {
  /** Settles at the next change since the last call, at the container's end, or when aborted. */
  next(): Promise<void>
}

function watchFolder(source: LogSource, signal: AbortSignal | undefined): Changes {
  let changed = true
  let wake: (() => void) | undefined
  const notify = (): void => {
    changed = true
    wake?.()
  }
  let watcher: FSWatcher | undefined
  try {
    watcher = watch(source.folder, notify)
  } catch (error) {
    if (!isSystemError(error, 'ENOENT')) throw error
  }
  void source.ended().finally(notify)
  signal?.addEventListener('abort', notify, { once: true })
  return {
    async next() {
      if (!changed) await new Promise<void>((resolve) => (wake = resolve))
      changed = false
    },
    [Symbol.dispose]() {
      watcher?.close()
      signal?.removeEventListener('abort', notify)
    },
  }
}
