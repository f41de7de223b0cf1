import { mkdirSync, statSync, watch } from 'node:fs'
import { closeSync, fstatSync, openSync, readSync } from 'node:fs'
import { StringDecoder } from 'node:string_decoder'
import { appendEvents, eventLogPath } from '../../rootfs/event-log.ts'
import type { EngineEvent, EventsOptions } from '../cli/engine.ts'
import type { EngineFolders } from './folders.ts'
import type { ContainerRecord } from './record.ts'
import type { NetworkAttachment } from './state.ts'
import { parseEvents, passages } from './stored-event.ts'
import { isSystemError } from '../../native/system-error.ts'

export function eventsPath(folders: EngineFolders): string {
  return eventLogPath(folders.runDir)
}

export function publishEvent(
  folders: EngineFolders,
  ...events: readonly Omit<EngineEvent, 'time'>[]
): void {
  appendEvents(folders.runDir, events)
}

export function publishVolumeEvent(folders: EngineFolders, action: string, name: string): void {
  publishEvent(folders, { type: 'volume', action, id: name, attributes: { driver: 'local' } })
}

export function publishContainerEvent(
  folders: EngineFolders,
  record: ContainerRecord,
  action: string,
  attributes: Readonly<Record<string, string>> = {},
): void {
  publishEvent(folders, {
    type: 'container',
    action,
    id: record.id,
    attributes: containerAttributes(record, attributes),
  })
}

/** The two events of a program that is about to be executed in a container. */
export function publishExecStart(
  folders: EngineFolders,
  record: ContainerRecord,
  execId: string,
  command: readonly string[],
): void {
  const attributes = containerAttributes(record, { execID: execId })
  const [create, start] = ['exec_create', 'exec_start'].map((action) => ({
    type: 'container' as const,
    action: `${action}: ${command.join(' ')}`,
    id: record.id,
    attributes,
  }))
  if (create && start) publishEvent(folders, create, start)
}

/** What every event of a container says about it. */
function containerAttributes(
  record: ContainerRecord,
  attributes: Readonly<Record<string, string>> = {},
): Record<string, string> {
  return {
    ...record.resolved.labels,
    image: record.imageReference,
    name: record.name,
    ...attributes,
  }
}

/** Start of a line that a monitor completes, with its exit record or the time alone: see `parseEvents`. */
export function beginEvent(
  record: ContainerRecord,
  action: 'start' | 'die' | 'destroy' | 'oom' | 'exec_die',
  more: Readonly<Record<string, string>> = {},
  networks: readonly NetworkAttachment[] = [],
): string {
  const attributes = containerAttributes(record, more)
  const event = JSON.stringify({
    type: 'container',
    action,
    id: record.id,
    attributes,
    ...passages(networks),
  })
  return `${event.slice(0, -1)},"exit":`
}

/** Events in the order they were recorded; with `follow`, on and on until the signal. */
export async function* readEvents(
  folders: EngineFolders,
  options: EventsOptions,
): AsyncGenerator<EngineEvent> {
  mkdirSync(folders.runDir, { recursive: true, mode: 0o711 })
  const path = eventsPath(folders)
  using changes = options.follow ? watchChanges(folders.runDir, options) : undefined
  const reader = openReader(path, options)
  for (;;) {
    for (const line of reader.lines()) {
      for (const event of parseEvents(line)) {
        const time = Date.parse(event.time)
        if (options.since !== undefined && time < options.since) continue
        if (options.until !== undefined && time > options.until) return
        yield event
      }
    }
    if (!changes || changes.isOver()) return
    await changes.next()
  }
}

function openReader(path: string, options: EventsOptions): { lines(): Iterable<string> } {
  let file: number | undefined
  let inode = 0
  let position = 0
  let rest = ''
  let decoder = new StringDecoder('utf8')
  const block = Buffer.alloc(64 * 1024)
  const open = (from = path): boolean => {
    try {
      const next = openSync(from, 'r')
      if (file !== undefined) closeSync(file)
      file = next
      inode = fstatSync(next).ino
      position = 0
      decoder = new StringDecoder('utf8')
      return true
    } catch (error) {
      if (isSystemError(error, 'ENOENT')) return false
      throw error
    }
  }
  if (options.since !== undefined) open(`${path}.1`)
  // Without --since only what comes from now on is wanted.
  if (options.since === undefined && options.follow && open()) position = statSync(path).size
  return {
    *lines() {
      if (file === undefined && !open()) return
      for (;;) {
        const count = file === undefined ? 0 : readSync(file, block, 0, block.length, position)
        position += count
        if (count === 0) {
          if (currentInode(path) === inode || !open()) return
          continue
        }
        const lines = (rest + decoder.write(block.subarray(0, count))).split('\n')
        rest = lines.pop() ?? ''
        yield* lines
      }
    },
  }
}

function currentInode(path: string): number | undefined {
  try {
    return statSync(path).ino
  } catch {
    return undefined
  }
}

interface Changes extends Disposable {
  next(): Promise<void>
  isOver(): boolean
}

function watchChanges(folder: string, options: EventsOptions): Changes {
  let changed = false
  let wake: (() => void) | undefined
  const notify = (): void => {
    changed = true
    wake?.()
  }
  const watcher = watch(folder, notify)
  const remaining = options.until === undefined ? undefined : options.until - Date.now()
  const timer = remaining === undefined ? undefined : setTimeout(notify, Math.max(0, remaining))
  options.signal?.addEventListener('abort', notify, { once: true })
  return {
    async next() {
      if (!changed) await new Promise<void>((resolve) => (wake = resolve))
      changed = false
    },
    isOver: () =>
      options.signal?.aborted === true ||
      (options.until !== undefined && Date.now() >= options.until),
    [Symbol.dispose]() {
      watcher.close()
      clearTimeout(timer)
      options.signal?.removeEventListener('abort', notify)
    },
  }
}
