import { type FSWatcher, closeSync, fstatSync, openSync, readSync, statSync, watch } from 'node:fs'
import { join } from 'node:path'
import type { LogEntry, LogsOptions } from '../../cli/engine.ts'
import { logFileName } from '../container-folder.ts'
import { isSystemError } from '../system-error.ts'
import { logFiles, tailPosition } from './log-files.ts'
import { type StoredLogFormat, parseLogLine } from './parse-entry.ts'

export interface LogSource {
  readonly folder: string
  readonly format: StoredLogFormat
  /** Whether more may be written: the container runs, or its monitor still empties the pipes. */
  isLive(): boolean
  /** Settles when it no longer is. */
  ended(): Promise<unknown>
}

/**
 * Entries of a container's log, oldest first, across rotated files. With `follow` it goes on until
 * the container has ended and everything written was read; a rotation in between loses nothing,
 * because the file that was open is read to its end before the new one is opened.
 */
export async function* readLogs(source: LogSource, options: LogsOptions): AsyncGenerator<LogEntry> {
  const files = logFiles(source.folder)
  const start =
    options.tail === undefined ? { file: 0, offset: 0 } : tailPosition(files, options.tail)
  for (let index = start.file; index < files.length - 1; index++) {
    const path = files[index]
    if (path === undefined) continue
    const reader = openLines(path, index === start.file ? start.offset : 0)
    if (!reader) continue
    try {
      yield* select(reader.lines(), source.format, options)
    } finally {
      reader.close()
    }
  }
  const offset = start.file === files.length - 1 ? start.offset : 0
  yield* readCurrent(source, options, offset)
}

async function* readCurrent(
  source: LogSource,
  options: LogsOptions,
  offset: number,
): AsyncGenerator<LogEntry> {
  const path = join(source.folder, logFileName)
  using changes = options.follow ? watchFolder(source, options.signal) : undefined
  let reader = openLines(path, offset)
  try {
    for (;;) {
      const wasLive = options.follow && source.isLive()
      if (reader) yield* select(reader.lines(), source.format, options)
      if (options.signal?.aborted) return
      if (!reader || reader.wasReplaced(path)) {
        // Rotated: whatever came after our last read is still in the old file.
        if (reader) yield* select(reader.lines(), source.format, options)
        const next = openLines(path, 0)
        if (next) {
          reader?.close()
          reader = next
          continue
        }
      }
      if (!wasLive || !changes) return
      await changes.next()
    }
  } finally {
    reader?.close()
  }
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
  wasReplaced(path: string): boolean
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
  const { ino } = fstatSync(file)
  let position = offset
  let rest: Buffer = Buffer.alloc(0)
  const block = Buffer.alloc(64 * 1024)
  return {
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
    wasReplaced(current) {
      try {
        return statSync(current).ino !== ino
      } catch {
        return false // Between the two renames of a rotation.
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
