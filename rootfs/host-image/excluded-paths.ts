import { dirname, matchesGlob } from 'node:path'

/** Whether a path, or a folder above it, matches one of the globs: a test to ask many times. */
export function excludedBy(globs: readonly string[]): (path: string) => boolean {
  if (globs.length === 0) return () => false
  const known = new Map([['/', false]])
  const isExcluded = (path: string): boolean => {
    let answer = known.get(path)
    if (answer === undefined) {
      answer = globs.some((glob) => matchesGlob(path, glob)) || isExcluded(dirname(path))
      known.set(path, answer)
    }
    return answer
  }
  return isExcluded
}
