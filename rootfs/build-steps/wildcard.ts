import { OperationError } from '../../native/error.ts'

/** Whether a path component has a character that stands for others. */
export function isWildcard(component: string): boolean {
  return /[*?[\\]/.test(component)
}

/**
 * Go's filepath.Match for one component of a path: `*`, `?`, `[a-z]`, `[^a]`, and `\` before a
 * character that stands for itself.
 *
 * @throws {OperationError} `INVALID_ARGUMENT` for a malformed pattern
 * @see https://pkg.go.dev/path/filepath#Match
 */
export function matchComponent(pattern: string): (name: string) => boolean {
  const expression = new RegExp(`^${componentSource(pattern)}$`, 'su')
  return (name) => expression.test(name)
}

function componentSource(pattern: string): string {
  const characters = Array.from(pattern)
  let source = ''
  for (let at = 0; at < characters.length;) {
    const character = characters[at++] ?? ''
    if (character === '*') {
      // Runs of stars mean one; as one they cost no time to match.
      while (characters[at] === '*') at++
      source += '[^/]*'
    } else if (character === '?') source += '[^/]'
    else if (character === '[') {
      const parsed = characterClass(characters, at, pattern)
      source += parsed.source
      at = parsed.next
    } else if (character === '\\') source += literal(characters[at++] ?? malformed(pattern))
    else source += literal(character)
  }
  return source
}

function characterClass(
  characters: readonly string[],
  start: number,
  pattern: string,
): { source: string; next: number } {
  let at = start
  const isNegated = characters[at] === '^'
  if (isNegated) at++
  const take = (): string => {
    const character = characters[at++]
    if (character === undefined || character === ']' || character === '-') return malformed(pattern)
    return character === '\\' ? (characters[at++] ?? malformed(pattern)) : character
  }
  let ranges = ''
  do {
    const low = take()
    const isRange = characters[at] === '-'
    if (isRange) at++
    const high = isRange ? take() : low
    // An empty range is allowed, and matches nothing.
    if ((low.codePointAt(0) ?? 0) <= (high.codePointAt(0) ?? 0))
      ranges += `${inClass(low)}-${inClass(high)}`
  } while (characters[at] !== ']')
  if (ranges === '') return { source: isNegated ? '[^/]' : '(?!)', next: at + 1 }
  return { source: isNegated ? `[^/${ranges}]` : `[${ranges}]`, next: at + 1 }
}

function literal(character: string): string {
  return /[\^$\\.*+?()[\]{}|/]/.test(character) ? `\\${character}` : character
}

function inClass(character: string): string {
  return character === '-' ? String.raw`\-` : literal(character)
}

function malformed(pattern: string): never {
  throw new OperationError(
    'INVALID_ARGUMENT',
    `read the pattern ${pattern}`,
    { reason: 'it ends too early, or a [class] is malformed' },
    { hint: 'Put a backslash before a character that stands for itself' },
  )
}
