import { invalidValue } from './invalid-value.ts'

type Environment = Readonly<Record<string, string | undefined>>

/**
 * Read one `--env` value. `NAME` alone takes the value of the caller's own environment.
 * @returns `NAME=value`, or undefined for a `NAME` that the caller does not have
 * @throws {OperationError} INVALID_ARGUMENT for an empty name or a NUL
 */
export function parseEnvironmentEntry(text: string, own: Environment): string | undefined {
  const equals = text.indexOf('=')
  if (text === '' || equals === 0)
    throw invalidValue('environment variable', text, 'Write NAME=value or NAME')
  if (text.includes('\0'))
    throw invalidValue('environment variable', text, 'It must not contain a NUL byte')
  if (equals > 0) return text
  const value = Object.hasOwn(own, text) ? own[text] : undefined
  return value === undefined ? undefined : `${text}=${value}`
}

/**
 * Read the text of an `--env-file` by docker's rules: one variable a line, `#` starts a comment
 * line, nothing is quoted, blanks before the name are dropped and blanks in the name refused.
 * @throws {OperationError} INVALID_ARGUMENT
 */
export function parseEnvironmentFile(text: string, own: Environment, path?: string): string[] {
  const entries: string[] = []
  const file = path === undefined ? 'environment file' : `environment file ${path}`
  for (const [index, raw] of text
    .replace(/^\uFEFF/, '')
    .split('\n')
    .entries()) {
    const line = raw.replace(/\r$/, '').trimStart()
    if (line === '' || line.startsWith('#')) continue
    const name = line.split('=', 1)[0] ?? ''
    if (/\s/.test(name))
      throw invalidValue(
        `${file}, line ${index + 1}`,
        line,
        'Write NAME=value: a variable name must not contain blanks',
      )
    const entry = parseEnvironmentEntry(line, own)
    if (entry !== undefined) entries.push(entry)
  }
  return entries
}

/** Merge lists of `NAME=value`; a later one wins and takes the earlier one's place. */
export function mergeEnvironment(...lists: (readonly string[])[]): string[] {
  const byName = new Map<string, string>()
  for (const entry of lists.flat()) byName.set(entry.split('=', 1)[0] ?? '', entry)
  return [...byName.values()]
}
