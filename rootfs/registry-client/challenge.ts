/** One way to authenticate that a server offers. */
export interface Challenge {
  /** Lower case: "bearer", "basic". */
  readonly scheme: string
  /** Names in lower case. */
  readonly parameters: ReadonlyMap<string, string>
}

const token = /[!#$%&'*+.^_`|~0-9A-Za-z-]+/y
const token68 = /[A-Za-z0-9._~+/-]+=*(?=\s*(?:,|$))/y
const maxHeader = 16 * 1024

/**
 * Read a `WWW-Authenticate` field. What is malformed ends the reading: challenges before it count.
 *
 * @see https://www.rfc-editor.org/rfc/rfc9110#section-11.6.1
 */
export function parseChallenges(header: string): Challenge[] {
  const text = header.slice(0, maxHeader)
  const challenges: { scheme: string; parameters: Map<string, string> }[] = []
  let at = 0
  const skip = (pattern: RegExp): void => {
    pattern.lastIndex = at
    if (pattern.test(text)) at = pattern.lastIndex
  }
  const take = (pattern: RegExp): string | undefined => {
    pattern.lastIndex = at
    const found = pattern.exec(text)?.[0]
    if (found !== undefined) at += found.length
    return found
  }
  for (;;) {
    skip(/[\s,]*/y)
    const word = take(token)
    if (word === undefined) return challenges
    const current = challenges.at(-1)
    if (current && take(/\s*=\s*/y) !== undefined) {
      const value = take(/"(?:[^"\\]|\\.)*"/sy) ?? take(token)
      if (value === undefined) return challenges
      current.parameters.set(word.toLowerCase(), unquote(value))
      continue
    }
    challenges.push({ scheme: word.toLowerCase(), parameters: new Map() })
    skip(/[ \t]+/y)
    if (nextIsToken68(text, at)) take(token68)
  }
}

/** "abc==" is a value of its own; "realm=x" and the scheme of a next challenge are not. */
function nextIsToken68(text: string, at: number): boolean {
  token68.lastIndex = at
  const found = token68.exec(text)?.[0]
  return found !== undefined && (found.endsWith('=') || found.includes('/'))
}

function unquote(value: string): string {
  return value.startsWith('"') ? value.slice(1, -1).replaceAll(/\\(.)/gs, '$1') : value
}
