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
  const tokens = tokensOf(pattern)
  return (name) => matches(tokens, Array.from(name))
}

type Token = 'star' | ((character: string) => boolean)

/**
 * Only the last star ever has to take one character more: what an earlier one takes, it could take as well. So the time is
 * at most that of each token with each character; an expression with as many stars would try every way to share them out.
 */
function matches(tokens: readonly Token[], name: readonly string[]): boolean {
  let at = 0
  let token = 0
  let star = -1
  let resumeAt = 0
  while (at < name.length) {
    const expected = tokens[token]
    if (expected === 'star') {
      star = token++
      resumeAt = at
    } else if (expected?.(name[at] ?? '')) {
      at++
      token++
    } else if (star >= 0 && name[resumeAt] !== '/') {
      token = star + 1
      at = ++resumeAt
    } else return false
  }
  return tokens.slice(token).every((rest) => rest === 'star')
}

function tokensOf(pattern: string): Token[] {
  const characters = Array.from(pattern)
  const tokens: Token[] = []
  for (let at = 0; at < characters.length;) {
    const character = characters[at++] ?? ''
    if (character === '*') tokens.push('star')
    else if (character === '?') tokens.push((one) => one !== '/')
    else if (character === '[') {
      const { source, next } = characterClass(characters, at, pattern)
      const expression = new RegExp(`^${source}$`, 'su')
      tokens.push((one) => expression.test(one))
      at = next
    } else {
      const literal = character === '\\' ? (characters[at++] ?? malformed(pattern)) : character
      tokens.push((one) => one === literal)
    }
  }
  return tokens
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
