import { replacePattern, trimPattern } from './shell-pattern.ts'

export interface ExpandOptions {
  readonly escape: string
  /** Value of a variable; undefined where it is not set. */
  readonly lookUp: (name: string) => string | undefined
  /** Told of variables that are not set, where nothing stands in for them. */
  readonly onUnset?: ((name: string) => void) | undefined
  /** Quotes and escapes stay and mean nothing, as in the content of a heredoc. */
  readonly raw?: boolean | undefined
}

/** The text of a word cannot be read. */
export class ExpansionError extends Error {
  readonly offset: number

  static {
    this.prototype.name = 'ExpansionError'
  }

  constructor(problem: string, offset: number) {
    super(problem)
    this.offset = offset
  }
}

interface Scanner extends ExpandOptions {
  readonly text: string
  at: number
  /** Words as an unquoted variable with blanks in it makes them. */
  readonly words: string[]
  word: string | undefined
}

/**
 * Expand variables in a word and remove its quotes: $V, ${V}, ${V:-w}, ${V-w}, ${V:+w}, ${V+w}, ${V:?w},
 * ${V?w}, ${V#p}, ${V##p}, ${V%p}, ${V%%p}, ${V/p/r}, ${V//p/r}.
 *
 * @throws {ExpansionError}
 * @see https://docs.docker.com/reference/dockerfile/#environment-replacement
 */
export function expandWord(text: string, options: ExpandOptions): string {
  if (isPlain(text, options.escape)) return text
  return scanUntil(startScan(text, options), '', false)
}

/** As `expandWord`, but blanks from unquoted variables, and in the text, separate words. */
export function expandWords(text: string, options: ExpandOptions): string[] {
  const scanner = startScan(text, options)
  scanUntil(scanner, '', false)
  endWord(scanner)
  return scanner.words
}

function isPlain(text: string, escape: string): boolean {
  return !/["'$]/.test(text) && !text.includes(escape)
}

function startScan(text: string, options: ExpandOptions): Scanner {
  return { ...options, text, at: 0, words: [], word: undefined }
}

function endWord(scanner: Scanner): void {
  if (scanner.word !== undefined) scanner.words.push(scanner.word)
  scanner.word = undefined
}

/** Add to the current word; blanks end it unless they were quoted. */
function addText(scanner: Scanner, text: string, isQuoted: boolean): void {
  if (isQuoted) scanner.word = (scanner.word ?? '') + text
  else
    for (const character of text)
      if (/\s/.test(character)) endWord(scanner)
      else scanner.word = (scanner.word ?? '') + character
}

/** Read up to the end, or up to `stop`, which is taken too. In a pattern, escapes stay. */
function scanUntil(scanner: Scanner, stop: string, isPattern: boolean): string {
  const start = scanner.at
  let result = ''
  while (scanner.at < scanner.text.length) {
    const character = scanner.text.charAt(scanner.at)
    if (stop !== '' && character === stop) {
      scanner.at++
      return result
    }
    const isQuote = character === "'" || character === '"'
    let piece: string
    if (character === '$') piece = readDollar(scanner)
    else if (isQuote && !scanner.raw)
      piece = character === "'" ? readSingleQuoted(scanner) : readDoubleQuoted(scanner)
    else piece = readCharacter(scanner, isPattern)
    const isQuoted = isQuote || (character === scanner.escape && piece.length > 0)
    // What a nested ${…} holds is added once, as the value of the whole.
    if (stop === '') addText(scanner, piece, isQuoted)
    result += piece
  }
  if (stop !== '') throw new ExpansionError(`the "${stop}" is missing`, Math.max(0, start - 1))
  return result
}

function readCharacter(scanner: Scanner, isPattern: boolean): string {
  const character = scanner.text.charAt(scanner.at++)
  if (character !== scanner.escape) return character
  const next = scanner.text.charAt(scanner.at++)
  return isPattern || scanner.raw ? character + next : next
}

function readSingleQuoted(scanner: Scanner): string {
  const end = scanner.text.indexOf("'", scanner.at + 1)
  if (end < 0) throw new ExpansionError('a single quote has no end', scanner.at)
  const text = scanner.text.slice(scanner.at + 1, end)
  scanner.at = end + 1
  return text
}

function readDoubleQuoted(scanner: Scanner): string {
  const start = scanner.at++
  let result = ''
  while (scanner.at < scanner.text.length) {
    const character = scanner.text.charAt(scanner.at)
    if (character === '"') {
      scanner.at++
      return result
    }
    if (character === '$') {
      result += readDollar(scanner)
      continue
    }
    scanner.at++
    const next = scanner.text.charAt(scanner.at)
    // Before any other character the escape character stands for itself.
    if (character === scanner.escape && (next === '"' || next === '$' || next === scanner.escape)) {
      result += next
      scanner.at++
    } else result += character
  }
  throw new ExpansionError('a double quote has no end', start)
}

function readName(scanner: Scanner): string {
  const name = /^(?:[0-9]+|[@*#?!$-]|[\p{L}_][\p{L}\p{N}_]*)/u.exec(scanner.text.slice(scanner.at))
  scanner.at += name?.[0].length ?? 0
  return name?.[0] ?? ''
}

function valueOf(scanner: Scanner, name: string): string {
  const value = scanner.lookUp(name)
  if (value === undefined) scanner.onUnset?.(name)
  return value ?? ''
}

function readDollar(scanner: Scanner): string {
  const start = scanner.at++
  if (scanner.text.charAt(scanner.at) !== '{') {
    const name = readName(scanner)
    return name === '' ? '$' : valueOf(scanner, name)
  }
  scanner.at++
  const name = readName(scanner)
  if (name === '') throw new ExpansionError('there is no variable name after "${"', start)
  const operator = scanner.text.charAt(scanner.at++)
  if (operator === '') throw new ExpansionError('the "}" of a variable is missing', start)
  if (operator === '}') return valueOf(scanner, name)
  const value = scanner.lookUp(name)
  if (operator === '/') return replaceIn(scanner, value)
  if (operator === '#' || operator === '%') return trimIn(scanner, value, operator)
  const emptyCounts = operator !== ':'
  const kind = emptyCounts ? operator : scanner.text.charAt(scanner.at++)
  if (!'-+?'.includes(kind) || kind === '')
    throw new ExpansionError(`"${operator}" is no modifier of a variable`, start)
  return substitute(scanner, { name, kind, value: emptyCounts ? value : value || undefined, start })
}

function substitute(
  scanner: Scanner,
  wish: { name: string; kind: string; value: string | undefined; start: number },
): string {
  const word = scanUntil(scanner, '}', false)
  if (wish.kind === '-') return wish.value ?? word
  if (wish.kind === '+') return wish.value === undefined ? '' : word
  if (wish.value !== undefined) return wish.value
  throw new ExpansionError(`${wish.name}: ${word || 'it must be set'}`, wish.start)
}

function trimIn(scanner: Scanner, value: string | undefined, operator: '#' | '%'): string {
  const isGreedy = scanner.text.charAt(scanner.at) === operator
  if (isGreedy) scanner.at++
  const pattern = scanUntil(scanner, '}', true)
  const side = operator === '#' ? 'start' : 'end'
  return trimPattern(value ?? '', { pattern, side, isGreedy, escape: scanner.escape })
}

function replaceIn(scanner: Scanner, value: string | undefined): string {
  const isGlobal = scanner.text.charAt(scanner.at) === '/'
  if (isGlobal) scanner.at++
  const pattern = scanUntil(scanner, '/', true)
  const replacement = scanUntil(scanner, '}', false)
  return replacePattern(value ?? '', { pattern, replacement, isGlobal, escape: scanner.escape })
}
