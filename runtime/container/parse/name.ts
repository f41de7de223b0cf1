import { invalidValue } from './invalid-value.ts'

/** Files and folders that are being made put more around it, and may have 255. */
const maxLength = 200

/**
 * Check the name of a container, network or volume: it becomes part of paths and of DNS answers.
 * @returns the name, without the leading slash that docker's own output has
 * @throws {OperationError} INVALID_ARGUMENT
 */
export function parseName(what: string, text: string): string {
  const name = text.replace(/^\//, '')
  if (/^[a-zA-Z0-9][a-zA-Z0-9_.-]*$/.test(name) && name.length <= maxLength) return name
  throw invalidValue(
    `${what} name`,
    text,
    `Start with a letter or digit; letters, digits, _ . and - may follow, ${maxLength} in all`,
  )
}

/**
 * Check a host name (hostname(7)): labels of at most 63, 64 characters in all as the kernel has it.
 * @throws {OperationError} INVALID_ARGUMENT
 */
export function parseHostname(text: string): string {
  const isName = text
    .split('.')
    .every((label) => /^[A-Za-z0-9_](?:[A-Za-z0-9_-]{0,62})$/.test(label))
  if (isName && text.length <= 64) return text
  throw invalidValue('host name', text, 'Letters, digits, - and dots, at most 64')
}
