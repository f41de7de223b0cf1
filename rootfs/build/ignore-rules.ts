import { posix } from 'node:path'
import { OperationError } from '../../native/error.ts'
import type { IgnoreRules } from '../build-steps/file-source.ts'

interface IgnorePattern {
  readonly isException: boolean
  readonly matches: (path: string) => boolean
}

/**
 * Read a .dockerignore file. The last pattern that matches a path, or a folder it is in, decides;
 * "!" takes back in. Only the rules of Go's filepath.Match and "**" count, not those of .gitignore.
 *
 * @param name what messages call the file
 * @throws {OperationError} `INVALID_ARGUMENT` with the line of a malformed pattern
 * @see https://docs.docker.com/build/concepts/context/#dockerignore-files
 */
export function ignoreRules(text: string, name = '.dockerignore'): IgnoreRules {
  const lines = text.replace(/^\uFEFF/, '').split('\n')
  const patterns = lines.flatMap((line, at) => {
    // A comment begins in the first column.
    if (line.startsWith('#')) return []
    return readPattern(line.trim(), `${name}:${at + 1}`) ?? []
  })
  return rulesOf(patterns)
}

/** As `ignoreRules`, of patterns that stand alone (`--exclude`). */
export function excludeRules(patterns: readonly string[]): IgnoreRules {
  return rulesOf(patterns.flatMap((pattern) => readPattern(pattern.trim(), '--exclude') ?? []))
}

function rulesOf(patterns: readonly IgnorePattern[]): IgnoreRules {
  return {
    ignores: (path) => isIgnored(patterns, path),
    hasExceptions: patterns.some(({ isException }) => isException),
  }
}

function isIgnored(patterns: readonly IgnorePattern[], path: string): boolean {
  let ignored = false
  for (const pattern of patterns) {
    if (pattern.isException !== ignored) continue
    if (matchesPathOrParent(pattern, path)) ignored = !pattern.isException
  }
  return ignored
}

function matchesPathOrParent({ matches }: IgnorePattern, path: string): boolean {
  if (matches(path)) return true
  for (let slash = path.lastIndexOf('/'); slash > 0; slash = path.lastIndexOf('/', slash - 1))
    if (matches(path.slice(0, slash))) return true
  return false
}

function readPattern(line: string, place: string): IgnorePattern | undefined {
  if (line === '') return undefined
  const isException = line.startsWith('!')
  const text = isException ? line.slice(1).trim() : line
  if (text === '') throw malformed(place, line, 'there is nothing after "!"')
  const clean = posix.normalize(text).replace(/(?<=.)\/+$/, '')
  // Several "**" in a row say no more than one, and would take a search far longer.
  const pattern = clean.replace(/^\/(?=.)/, '').replaceAll(/(?:\*\*\/)+/g, '**/')
  const source = patternSource(pattern, (reason) => malformed(place, line, reason))
  const exact = compile(source, () =>
    malformed(place, line, 'a range between brackets ends before it begins'),
  )
  return { isException, matches: (path) => exact.test(path) }
}

function compile(source: string, fail: () => OperationError): RegExp {
  try {
    return new RegExp(`^(?:${source})$`, 's')
  } catch {
    throw fail()
  }
}

/** A pattern as a regular expression. "**" stands for any number of folders, none too. */
function patternSource(pattern: string, fail: (reason: string) => OperationError): string {
  let source = ''
  for (let at = 0; at < pattern.length; at++) {
    const character = pattern.charAt(at)
    if (pattern.startsWith('**', at)) {
      at += pattern.charAt(at + 2) === '/' ? 2 : 1
      source += at === pattern.length - 1 ? '.*' : '(?:.*/)?'
    } else if (character === '*') source += '[^/]*'
    else if (character === '?') source += '[^/]'
    else if (character === '[') {
      const set = /^\[(\^?)((?:\\.|[^\\\]])+)\]/su.exec(pattern.slice(at))
      if (!set) throw fail('"[" has no end')
      source += `(?!/)[${set[1]}${(set[2] ?? '').replaceAll('[', String.raw`\[`)}]`
      at += set[0].length - 1
    } else if (character === '\\') {
      if (at === pattern.length - 1) throw fail('"\\" stands before nothing')
      source += quote(pattern.charAt(++at))
    } else source += quote(character)
  }
  return source
}

function quote(character: string): string {
  return /[\\^$.*+?()[\]{}|/-]/.test(character) ? `\\${character}` : character
}

function malformed(place: string, pattern: string, reason: string): OperationError {
  return new OperationError(
    'INVALID_ARGUMENT',
    `read ${place}`,
    { pattern, reason },
    { exitCode: 1 },
  )
}
