import { readFileSync, statSync } from 'node:fs'
import { monotonicMs } from '../../native/clock.ts'
import { OperationError } from '../../native/error.ts'

/** How often a look at the file is worth it, in ms. */
const checkMs = 1000

export interface ReloadedFile<Value> {
  /** What the file said when it was last good. */
  current(): Value
  /** Counts the changes that were taken over. */
  readonly version: number
}

/**
 * A file that people edit while the server runs: it is read again when it changes. A change that
 * cannot be read is reported, and what was before stays.
 *
 * @param parse throws where the text is malformed
 * @param onFailure gets what is wrong with a change
 * @throws {OperationError} `NOT_FOUND` where it cannot be read at first, and what `parse` throws
 */
export function openReloadedFile<Value>(
  path: string,
  parse: (text: string) => Value,
  onFailure: (error: unknown) => void,
): ReloadedFile<Value> {
  let seen = identify(path)
  let value = parse(read(path))
  let checked = monotonicMs()
  let version = 0
  const refresh = (): void => {
    const now = monotonicMs()
    if (now - checked < checkMs) return
    checked = now
    const found = identify(path)
    if (found === seen) return
    seen = found
    try {
      value = parse(read(path))
      version += 1
    } catch (error) {
      onFailure(error)
    }
  }
  return {
    current() {
      refresh()
      return value
    },
    get version() {
      return version
    },
  }
}

function identify(path: string): string {
  const found = statSync(path, { bigint: true, throwIfNoEntry: false })
  return found ? `${found.ino} ${found.mtimeNs} ${found.size}` : 'missing'
}

function read(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch (cause) {
    throw new OperationError('NOT_FOUND', 'read a file of the registry', { path }, { cause })
  }
}
