import { existsSync } from 'node:fs'
import { delimiter, dirname, join, resolve } from 'node:path'
import { OperationError } from '../../../native/error.ts'
import type { Lookup } from './env-file.ts'

const names = ['compose.yaml', 'compose.yml', 'docker-compose.yaml', 'docker-compose.yml']

/**
 * The Compose files that a command is about: those that were named, or the first of the usual names here or in a folder
 * above, with its override file.
 *
 * @returns absolute paths; `-` is standard input
 * @throws {OperationError} `NOT_FOUND`
 */
export function findFiles(
  named: readonly string[],
  { cwd, get }: { readonly cwd: string; readonly get: Lookup },
): string[] {
  const separator = get('COMPOSE_PATH_SEPARATOR') ?? delimiter
  const fromVariable = get('COMPOSE_FILE')?.split(separator) ?? []
  const wanted = named.length > 0 ? named : fromVariable.filter((path) => path !== '')
  if (wanted.length > 0) {
    const paths = wanted.map((path) => (path === '-' ? path : resolve(cwd, path)))
    const missing = paths.find((path) => path !== '-' && !existsSync(path))
    if (missing !== undefined) throw notFound(missing, 'Check the path given with -f')
    return paths
  }
  for (let folder = cwd; ; folder = dirname(folder)) {
    const name = names.find((one) => existsSync(join(folder, one)))
    if (name !== undefined) return [join(folder, name), ...overrideOf(folder, name)]
    if (folder === dirname(folder)) break
  }
  throw notFound(cwd, `Write a ${names[0]} here, or name a file with -f`)
}

function overrideOf(folder: string, name: string): string[] {
  const override = name.replace(/\.(ya?ml)$/, '.override.$1')
  const other = override.endsWith('.yml')
    ? override.replace(/yml$/, 'yaml')
    : override.replace(/yaml$/, 'yml')
  return [override, other]
    .map((one) => join(folder, one))
    .filter((path) => existsSync(path))
    .slice(0, 1)
}

function notFound(path: string, hint: string): OperationError {
  return new OperationError('NOT_FOUND', 'find a compose file', { path }, { exitCode: 1, hint })
}
