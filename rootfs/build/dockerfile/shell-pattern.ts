/** "*", "?" and escaped characters, as a regular expression; nothing else has a meaning. */
function patternSource(pattern: string, escape: string, isGreedy: boolean): string {
  let source = ''
  for (let at = 0; at < pattern.length; at++) {
    const character = pattern.charAt(at)
    if (character === '*') source += isGreedy ? '[^]*' : '[^]*?'
    else if (character === '?') source += '[^]'
    else source += quote(character === escape ? pattern.charAt(++at) : character)
  }
  return source
}

function quote(character: string): string {
  return character.replaceAll(/[\\^$.*+?()[\]{}|/-]/g, String.raw`\$&`)
}

export interface TrimWish {
  readonly pattern: string
  readonly side: 'start' | 'end'
  /** "##" and "%%": the longest match instead of the shortest. */
  readonly isGreedy: boolean
  readonly escape: string
}

/** ${V#p}, ${V##p}, ${V%p}, ${V%%p}. */
export function trimPattern(value: string, { pattern, side, isGreedy, escape }: TrimWish): string {
  const exact = new RegExp(`^(?:${patternSource(pattern, escape, true)})$`)
  const lengths = Array.from({ length: value.length + 1 }, (_, length) => length)
  // The shortest or longest end that matches cannot be had from one regular expression.
  for (const length of isGreedy ? lengths.toReversed() : lengths) {
    const part = side === 'start' ? value.slice(0, length) : value.slice(value.length - length)
    if (!exact.test(part)) continue
    return side === 'start' ? value.slice(length) : value.slice(0, value.length - length)
  }
  return value
}

export interface ReplaceWish {
  readonly pattern: string
  readonly replacement: string
  /** "//": every match instead of the first. */
  readonly isGlobal: boolean
  readonly escape: string
}

/** ${V/p/r}, ${V//p/r}. */
export function replacePattern(value: string, wish: ReplaceWish): string {
  if (wish.pattern === '') return value
  const source = patternSource(wish.pattern, wish.escape, true)
  return value.replace(new RegExp(source, wish.isGlobal ? 'g' : ''), () => wish.replacement)
}
