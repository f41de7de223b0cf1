/**
 * A line as a shell splits it into words: quotes and backslashes, and nothing else.
 *
 * @returns nothing where a quote is never closed
 */
export function splitCommand(line: string): string[] | undefined {
  const found: string[] = []
  let word: string | undefined
  let quote = ''
  for (let at = 0; at < line.length; at++) {
    const letter = line.charAt(at)
    if (quote === "'") {
      if (letter === "'") quote = ''
      else word += letter
    } else if (letter === '\\' && (quote === '' || /["\\$`]/.test(line.charAt(at + 1)))) {
      at++
      word = (word ?? '') + line.charAt(at)
    } else if (letter === '"' || letter === "'") {
      if (quote === letter) quote = ''
      else if (quote === '') quote = letter
      else word += letter
      word ??= ''
    } else if (quote === '' && /\s/.test(letter)) {
      if (word !== undefined) found.push(word)
      word = undefined
    } else word = (word ?? '') + letter
  }
  if (quote !== '') return undefined
  if (word !== undefined) found.push(word)
  return found
}
