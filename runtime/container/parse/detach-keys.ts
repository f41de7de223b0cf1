import { invalidValue } from './invalid-value.ts'

const controlCharacters = '@abcdefghijklmnopqrstuvwxyz[\\]^_'

/** ctrl-p, ctrl-q. */
export const defaultDetachKeys: readonly number[] = [16, 17]

/**
 * Read a key sequence: single characters or `ctrl-X`, separated by commas; empty means none.
 * @returns the bytes to watch for
 * @throws {OperationError} INVALID_ARGUMENT
 */
export function parseDetachKeys(text: string): number[] {
  if (text === '') return []
  return text.split(',').map((key) => {
    const control = /^ctrl-(.)$/i.exec(key)?.[1]?.toLowerCase()
    const code = control === undefined ? -1 : controlCharacters.indexOf(control)
    if (code >= 0) return code
    if (key.length === 1 && key.charCodeAt(0) < 128) return key.charCodeAt(0)
    throw invalidValue('detach keys', text, 'Write a character, or ctrl- and one of a-z@[\\]^_')
  })
}
