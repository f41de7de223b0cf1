import { realpathSync } from 'node:fs'
import { basename, dirname } from 'node:path'
import { isSystemError } from '../../../native/system-error.ts'
import type { LogEntry } from '../../../runtime/cli/engine.ts'
import { readLogs } from '../../../runtime/container/logs/read-logs.ts'

/** A container whose log is kept in the CRI's format. */
export interface LoggedContainer {
  /** The file written to, or a symlink to it; rotated ones lie beside it with a number. */
  readonly logPath: string
  isRunning(): boolean
  /** Settles when it no longer runs. */
  ended(): Promise<unknown>
}

/** Query parameters of `pods/log`, read. */
export interface LogWish {
  readonly follow: boolean
  /** Lines from the end. */
  readonly tailLines?: number | undefined
  /** Milliseconds since 1970. */
  readonly since?: number | undefined
  readonly timestamps: boolean
  readonly limitBytes?: number | undefined
  readonly signal?: AbortSignal | undefined
  /** Absent: both. */
  readonly stream?: 'stdout' | 'stderr' | undefined
}

const newline = 0x0a

/** The bytes that `kubectl logs` prints, as they come. Nothing where there is no file (yet). */
export async function* readContainerLog(
  container: LoggedContainer,
  wish: LogWish,
): AsyncGenerator<Uint8Array> {
  const path = findLog(container.logPath)
  if (path === undefined) return
  const source = {
    folder: dirname(path),
    name: basename(path),
    format: 'k8s-file' as const,
    isLive: () => container.isRunning(),
    ended: () => container.ended(),
  }
  const { follow, tailLines: tail, since, signal } = wish
  let room = wish.limitBytes ?? Number.POSITIVE_INFINITY
  let isNewLine = true
  for await (const entry of readLogs(source, { follow, tail, since, signal })) {
    if (wish.stream !== undefined && entry.stream !== wish.stream) continue
    const bytes = wish.timestamps && isNewLine ? stamped(entry) : entry.data
    isNewLine = entry.data.at(-1) === newline
    yield bytes.length > room ? bytes.subarray(0, room) : bytes
    room -= bytes.length
    if (room <= 0) return
  }
}

function stamped({ time, data }: LogEntry): Uint8Array {
  return Buffer.concat([Buffer.from(`${time} `), data])
}

function findLog(path: string): string | undefined {
  try {
    return realpathSync(path)
  } catch (error) {
    if (isSystemError(error, 'ENOENT')) return undefined
    throw error
  }
}
