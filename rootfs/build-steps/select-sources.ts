import { OperationError } from '../../native/error.ts'
import { splitPath } from '../layer/plan.ts'
import type { FileSource, IgnoreRules } from './file-source.ts'
import { placeInRoot } from './place-in-root.ts'
import { fromRaw, toRaw } from '../../native/raw-text.ts'
import { describeFile, listFolder, statusIn, withFolder } from './read-source.ts'
import type { SelectedSource, SourceFile } from './source-file.ts'
import { isWildcard, matchComponent } from './wildcard.ts'

export interface Selection {
  /** As written: text, relative to the root of the source (a leading slash changes nothing). */
  readonly patterns: readonly string[]
  /** `--parents`: keep the folders after `/./`, or all; `**` stands for any number of folders then. */
  readonly parents: boolean
  /** `--exclude`: what of a match is left out. */
  readonly excludes?: IgnoreRules | undefined
  /** Nothing matching at all is no error: other operands may. Absent: false. */
  readonly isOptional?: boolean | undefined
}

/**
 * The files that a COPY takes, without reading any. A pattern without wildcards must match.
 *
 * @throws {OperationError} `NOT_FOUND` with the pattern; `INVALID_ARGUMENT` for a path that leaves
 *   the source by "..", or a malformed pattern
 */
export function selectSources(source: FileSource, selection: Selection): SelectedSource[] {
  const selected = selection.patterns.flatMap((pattern) => {
    const matches = findMatches(source, pattern, selection.parents)
    return matches.map((match) => describeMatch(source, match, selection))
  })
  const found = selected.filter(({ files }) => files.length > 0)
  if (found.length === 0 && selection.patterns.length > 0 && !selection.isOptional)
    throw notFound(source, selection.patterns.join(' '))
  return found
}

interface Match {
  /** Where it is, without symbolic links. One character per byte. */
  readonly path: string
  readonly base: string
  readonly parents: readonly SourceFile[]
}

function findMatches(source: FileSource, pattern: string, keepsParents: boolean): Match[] {
  const { before, after } = splitPivot(pattern)
  const components = [...before, ...after]
  requireInside(source, pattern, components)
  const firstWildcard = components.findIndex(isWildcard)
  const found =
    firstWildcard === -1
      ? [components.map((component) => toRaw(component))]
      : expand(source, components, keepsParents)
  return found.flatMap((names) => {
    const place = placeInRoot(source.root, names.join('/'))
    const isGone = place.kind === 'missing' || isLeftOut(source, place.path)
    if (isGone && firstWildcard !== -1) return []
    if (isGone) throw notFound(source, pattern, place.kind !== 'missing')
    const parents = keepsParents ? describeParents(source, names, before.length) : []
    return [{ path: place.path, base: names.at(-1) ?? '', parents }]
  })
}

/** The folders between the pivot and a match, which are made at the destination as they are here. */
function describeParents(
  source: FileSource,
  names: readonly string[],
  pivot: number,
): SourceFile[] {
  const parents: SourceFile[] = []
  for (let depth = pivot + 1; depth < names.length; depth++) {
    const { path } = placeInRoot(source.root, names.slice(0, depth).join('/'))
    const relative = names.slice(pivot, depth).join('/')
    const file = describePath(source, path, relative)
    if (file) parents.push(file)
  }
  return parents
}

function describePath(source: FileSource, path: string, relative: string): SourceFile | undefined {
  const { parent, name } = splitPath(path)
  return withFolder(source, parent, (folder) =>
    describeFile(folder, { path, relative, name: name || '.' }),
  )
}

/** Components of a pattern before and after the pivot `/./`. */
function splitPivot(pattern: string): { before: string[]; after: string[] } {
  const parts = (text: string): string[] => text.split('/').filter((part) => !/^\.?$/.test(part))
  const pivot = pattern.indexOf('/./')
  if (pivot === -1) return { before: [], after: parts(pattern) }
  return { before: parts(pattern.slice(0, pivot)), after: parts(pattern.slice(pivot + 3)) }
}

function requireInside(source: FileSource, pattern: string, components: readonly string[]): void {
  let depth = 0
  for (const component of components) {
    depth += component === '..' ? -1 : 1
    if (depth < 0)
      throw new OperationError(
        'INVALID_ARGUMENT',
        `copy ${pattern}`,
        { reason: `the path leaves ${source.name}` },
        {
          hint: 'Only files below the context can be copied: move them there, or choose a context further up',
        },
      )
  }
}

/** Paths, as names, that a pattern with wildcards matches; links on the way are only followed before the first wildcard. */
function expand(source: FileSource, components: readonly string[], isDeep: boolean): string[][] {
  const first = components.findIndex(isWildcard)
  const start = components.slice(0, first).map((component) => toRaw(component))
  const place = placeInRoot(source.root, start.join('/'))
  if (place.kind !== 'directory') return []
  const found: string[][] = []
  const walk = (path: string, names: readonly string[], rest: readonly string[]): void => {
    const [pattern, ...later] = rest
    if (pattern === undefined) return
    if (isDeep && pattern === '**') walk(path, names, later)
    const matches = isDeep && pattern === '**' ? undefined : matchComponent(pattern)
    withFolder(source, path, (folder) => {
      for (const name of listFolder(folder)) {
        if (matches && !matches(fromRaw(name))) continue
        const below = path === '' ? name : `${path}/${name}`
        const isLast = matches !== undefined && later.length === 0
        if (isLast) found.push([...names, name])
        else if (statusIn(folder, name).isDirectory() && maySeeInside(source, below))
          walk(below, [...names, name], matches ? later : rest)
        if (!matches && later.length === 0) found.push([...names, name])
      }
    })
  }
  walk(place.path, start, components.slice(first))
  return dedupe(found)
}

function dedupe(paths: readonly string[][]): string[][] {
  const seen = new Set<string>()
  return paths.filter((names) => {
    const path = names.join('/')
    return !seen.has(path) && seen.add(path)
  })
}

function isLeftOut({ ignore }: FileSource, path: string): boolean {
  return path !== '' && isHidden(ignore, path) && !ignore?.hasExceptions
}

function maySeeInside({ ignore }: FileSource, path: string): boolean {
  return ignore?.hasExceptions === true || !isHidden(ignore, path)
}

function isHidden(rules: IgnoreRules | undefined, path: string): boolean {
  return rules?.ignores(fromRaw(path)) === true
}

function describeMatch(source: FileSource, match: Match, { excludes }: Selection): SelectedSource {
  const files: SourceFile[] = []
  const { path } = match
  const add = (folder: number, name: string, below: string, relative: string): void => {
    const file = describeFile(folder, { path: below, relative, name })
    if (!file) return
    const isFolder = file.kind === 'directory'
    const isIgnored = below !== '' && isHidden(source.ignore, below)
    // A folder that was asked for is not excluded itself, only what is in it.
    const isExcluded = !(isFolder && relative === '') && isHidden(excludes, relative || match.base)
    if (isIgnored && !(isFolder && source.ignore?.hasExceptions)) return
    if (isExcluded && !(isFolder && excludes?.hasExceptions)) return
    const before = files.push(file)
    if (isFolder)
      withFolder(source, below, (inner) => {
        for (const child of listFolder(inner))
          add(inner, child, join(below, child), join(relative, child))
      })
    // A folder that is left out is there only for what is taken from it after all.
    if ((isIgnored || isExcluded) && files.length === before) files.pop()
  }
  const { parent, name } = splitPath(path)
  withFolder(source, parent, (folder) => add(folder, name || '.', path, ''))
  return { base: match.base, parents: match.parents, files }
}

function join(folder: string, name: string): string {
  return folder === '' ? name : `${folder}/${name}`
}

function notFound(source: FileSource, pattern: string, isIgnored = false): OperationError {
  return new OperationError(
    'NOT_FOUND',
    `find ${pattern} in ${source.name}`,
    {},
    {
      hint: isIgnored
        ? 'It is there, but .dockerignore leaves it out'
        : 'Paths are relative to the root of the context, and .dockerignore may leave files out',
      exitCode: 1,
    },
  )
}
