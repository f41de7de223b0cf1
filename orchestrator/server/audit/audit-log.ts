import { closeSync, openSync, readdirSync, renameSync, rmSync, statSync } from 'node:fs'
import { basename, dirname, extname, join } from 'node:path'
import { setTimeout as later } from 'node:timers'
import { writeAll } from '../../../native/write-all.ts'

// The file of the record: a line an event. A full file is put aside under a name with its time, as upstream's is.

export interface AuditLogOptions {
  /** `-` is standard output. */
  readonly path: string
  /** Megabytes after which a file is put aside; absent: 100. */
  readonly maxSize?: number | undefined
  /** How many files that were put aside are kept; 0 and absent: all. */
  readonly maxBackup?: number | undefined
  /** Days that they are kept; 0 and absent: for ever. */
  readonly maxAge?: number | undefined
}

export interface AuditLog {
  readonly write: (event: object) => void
  /** Write what waits. */
  readonly close: () => void
}

const usualMegabytes = 100
const megabyte = 1024 * 1024
const dayMs = 24 * 60 * 60 * 1000
/** Lines wait that long for others: one write for all of a burst. */
const gatherMs = 50

/** @throws Error of the system for a file that cannot be opened */
export function openAuditLog(options: AuditLogOptions): AuditLog {
  const { path } = options
  const limit = (options.maxSize || usualMegabytes) * megabyte
  const isFile = path !== '-'
  let handle = isFile ? openSync(path, 'a', 0o600) : 1
  let size = isFile ? statSync(path).size : 0
  let waiting: string[] = []
  let timer: NodeJS.Timeout | undefined

  function rotate(): void {
    closeSync(handle)
    renameSync(path, backupName(path, new Date()))
    removeOld(options, Date.now())
    handle = openSync(path, 'a', 0o600)
    size = 0
  }

  function flush(): void {
    clearTimeout(timer)
    timer = undefined
    const lines = waiting
    waiting = []
    try {
      for (const batch of batches(lines, () => limit - size)) {
        if (isFile && size > 0 && size + batch.length > limit) rotate()
        writeAll(handle, batch)
        size += batch.length
      }
    } catch (error) {
      process.stderr.write(`write the audit log: ${String(error)}\n`)
    }
  }

  return {
    write: (event) => {
      waiting.push(`${JSON.stringify(event)}\n`)
      timer ??= later(flush, gatherMs).unref()
    },
    close: () => {
      flush()
      if (isFile) closeSync(handle)
    },
  }
}

/** Lines together, as many as there is room for; a line is never cut. */
function* batches(lines: readonly string[], room: () => number): Generator<Buffer> {
  let batch: Buffer[] = []
  let size = 0
  for (const line of lines) {
    const bytes = Buffer.from(line)
    if (batch.length > 0 && size + bytes.length > room()) {
      yield Buffer.concat(batch)
      batch = []
      size = 0
    }
    batch.push(bytes)
    size += bytes.length
  }
  if (batch.length > 0) yield Buffer.concat(batch)
}

/** `audit.log` → `audit-2026-01-02T03-04-05.678.log` */
function backupName(path: string, now: Date): string {
  const { stem, extension } = partsOf(path)
  const time = now.toISOString().replaceAll(':', '-').replace('Z', '')
  return join(dirname(path), `${stem}-${time}${extension}`)
}

function partsOf(path: string): { stem: string; extension: string } {
  const extension = extname(path)
  return { stem: basename(path, extension), extension }
}

const backupTime = /^\d{4}-\d\d-\d\dT\d\d-\d\d-\d\d\.\d{3}$/

function removeOld({ path, maxBackup = 0, maxAge = 0 }: AuditLogOptions, now: number): void {
  const { stem, extension } = partsOf(path)
  const folder = dirname(path)
  const timeOf = (name: string) => name.slice(stem.length + 1, name.length - extension.length)
  const backups = readdirSync(folder)
    .filter((name) => name.startsWith(`${stem}-`) && name.endsWith(extension))
    .filter((name) => backupTime.test(timeOf(name)))
    .toSorted()
    .toReversed()
  for (const [index, name] of backups.entries()) {
    const tooMany = maxBackup > 0 && index >= maxBackup
    const tooOld = maxAge > 0 && now - statSync(join(folder, name)).mtimeMs > maxAge * dayMs
    if (tooMany || tooOld) rmSync(join(folder, name), { force: true })
  }
}
