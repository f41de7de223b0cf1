/** A word with its quotes and escapes still in it. */
export interface RawWord {
  readonly text: string
  /** Where it begins in the text that was split. */
  readonly offset: number
}

/**
 * Split at blanks that are neither quoted nor escaped. Quotes and escapes stay: variables are
 * expanded later, by rules that need them. An open quote runs to the end.
 */
export function rawWords(text: string, escape: string): RawWord[] {
  const words: RawWord[] = []
  let start = -1
  let quote = ''
  for (let at = 0; at < text.length; at++) {
    const character = text.charAt(at)
    if (quote === '' && /\s/.test(character)) {
      if (start >= 0) words.push({ text: text.slice(start, at), offset: start })
      start = -1
      continue
    }
    if (start < 0) start = at
    // Nothing can be escaped between single quotes.
    if (character === escape && quote !== "'") at++
    else if (quote === '') quote = character === '"' || character === "'" ? character : ''
    else if (character === quote) quote = ''
  }
  if (start >= 0) words.push({ text: text.slice(start), offset: start })
  return words
}

/** Split at blanks, whatever is quoted. */
export function blankSeparated(text: string): RawWord[] {
  return [...text.matchAll(/\S+/g)].map((match) => ({ text: match[0], offset: match.index }))
}
