import { closeSync, fsyncSync, openSync, readFileSync, renameSync, writeSync } from 'node:fs'
import { dirname } from 'node:path'
import { OperationError } from '../../native/error.ts'
import { isSystemError } from '../../native/system-error.ts'

/**
 * Replace a file in one step: temporary name, fsync, rename, fsync of the folder (rename(2),
 * fsync(2)). Whoever reads sees the old text or the new, also after a crash.
 *
 * @param durable false where the content need not outlive a crash of the machine
 */
export function writeFileDurably(path: string, text: string | Uint8Array, durable = true): void {
  const temporary = `${path}.${process.pid}.tmp`
  writeNewFile(temporary, text, durable)
  renameSync(temporary, path)
  if (durable) syncFolder(dirname(path))
}

/** Write a file that nobody looks for yet. @param durable whether its content outlives a crash of the machine */
export function writeNewFile(path: string, text: string | Uint8Array, durable: boolean): void {
  const file = openSync(path, 'w', 0o600)
  try {
    const bytes = typeof text === 'string' ? Buffer.from(text) : text
    for (let at = 0; at < bytes.length;) at += writeSync(file, bytes, at)
    if (durable) fsyncSync(file)
  } finally {
    closeSync(file)
  }
}

/** Make the names in a folder outlive a crash of the machine (fsync(2) on the folder). */
export function syncFolder(path: string): void {
  const folder = openSync(path, 'r')
  try {
    fsyncSync(folder)
  } finally {
    closeSync(folder)
  }
}

/** The file's text, or undefined where it does not exist. */
export function readTextIfPresent(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8')
  } catch (error) {
    if (isSystemError(error, 'ENOENT') || isSystemError(error, 'ENOTDIR')) return undefined
    throw error
  }
}

/**
 * A JSON file of our own, or undefined where it does not exist.
 *
 * @throws {OperationError} `PROTOCOL` where it is not JSON
 */
export function readJsonIfPresent(path: string): unknown {
  const text = readTextIfPresent(path)
  if (text === undefined) return undefined
  try {
    return JSON.parse(text) as unknown
  } catch (cause) {
    throw new OperationError(
      'PROTOCOL',
      'read a state file',
      { path },
      { cause, hint: 'The file was changed from outside; remove the container with rm --force' },
    )
  }
}
