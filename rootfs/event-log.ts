import { appendFileSync, mkdirSync, renameSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { lockSync } from '../native/lock.ts'
import { isSystemError } from '../native/system-error.ts'

// One line of JSON per event, appended by whoever did it: commands, and monitors for the end of a
// container. Appends of a line are atomic (write(2) with O_APPEND), so nobody has to be running.

/** Size at which the log is set aside; the one before is kept, so `--since` sees at least this much. */
const rotationBytes = 4 * 1024 * 1024

export interface LoggedEvent {
  readonly type: string
  readonly action: string
  readonly id: string
  readonly attributes: Readonly<Record<string, string>>
}

export function eventLogPath(runDir: string): string {
  return join(runDir, 'events.jsonl')
}

/** Append what has just happened. */
export function appendEvents(runDir: string, events: readonly LoggedEvent[]): void {
  const path = eventLogPath(runDir)
  const time = new Date().toISOString().replace('Z', '000000Z')
  const lines = events.map((event) => `${JSON.stringify({ ...event, time })}\n`).join('')
  try {
    appendFileSync(path, lines, { mode: 0o600 })
  } catch (error) {
    if (!isSystemError(error, 'ENOENT')) throw error
    mkdirSync(runDir, { recursive: true, mode: 0o711 })
    appendFileSync(path, lines, { mode: 0o600 })
  }
  setAside(path)
}

function setAside(path: string): void {
  if (sizeOf(path) <= rotationBytes) return
  // Of several that see it too long one renames it: the others would put the new one over the old.
  using _held = lockSync(`${path}.lock`)
  if (sizeOf(path) > rotationBytes) renameSync(path, `${path}.1`)
}

function sizeOf(path: string): number {
  return statSync(path, { throwIfNoEntry: false })?.size ?? 0
}
