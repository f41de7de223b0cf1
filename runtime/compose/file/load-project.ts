import { existsSync, readFileSync } from 'node:fs'
import { basename, dirname, join, resolve } from 'node:path'
import { OperationError } from '../../../native/error.ts'
import type { Project } from '../model/project.ts'
import type { Service } from '../model/service.ts'
import type { Draft } from './draft.ts'
import { parseComposeEnvFile } from './env-file.ts'
import { findFiles } from './find-files.ts'
import { loadDraft } from './load-draft.ts'
import type { LoadContext } from './load-draft.ts'
import { projectNetworks, projectSources, projectVolumes } from './project-parts.ts'
import { requireReferences } from './require-references.ts'

export interface ProjectOptions {
  /** `-f`; empty: the usual names. */
  readonly files: readonly string[]
  readonly projectDirectory?: string | undefined
  readonly projectName?: string | undefined
  /** `--env-file`; empty: `.env` beside the first file. */
  readonly envFiles: readonly string[]
  /** `*`: all. */
  readonly profiles: readonly string[]
  /** Services that were named: their profiles are wanted too. */
  readonly services?: readonly string[] | undefined
  readonly cwd: string
  readonly env: Readonly<Record<string, string | undefined>>
  readonly warn: (text: string) => void
}

type Environment = Record<string, string | undefined>

/**
 * Find the Compose files and put them together.
 *
 * @throws {OperationError} `NOT_FOUND`, `INVALID_ARGUMENT`
 * @see https://github.com/compose-spec/compose-spec/blob/main/spec.md
 */
export function loadProject(options: ProjectOptions): Project {
  const { cwd, env, warn } = options
  const files = findFiles(options.files, { cwd, get: (name) => env[name] })
  const folder = resolve(
    cwd,
    options.projectDirectory ?? (files[0] === '-' ? cwd : dirname(files[0] ?? cwd)),
  )
  const environment = readEnvironment(envFilesOf(options, folder), env)
  const warned = new Set<string>()
  const warnOnce = (text: string): void => {
    if (!warned.has(text)) warn(text)
    warned.add(text)
  }
  const contextFor = (at: string, values: Environment): LoadContext => ({
    folder: at,
    warn: warnOnce,
    variables: {
      get: (name) => values[name],
      onUnset: (name) =>
        warnOnce(`The ${JSON.stringify(name)} variable is not set. Defaulting to a blank string.`),
    },
    readText: readComposeFile,
    nested: (inner, envFiles) =>
      contextFor(inner, readEnvironment(envFiles ?? defaultEnvFile(inner), { ...values })),
    trail: files,
  })
  const wanted = options.projectName ?? environment['COMPOSE_PROJECT_NAME']
  if (wanted !== undefined) environment['COMPOSE_PROJECT_NAME'] = wanted
  const draft = loadDraft(files, contextFor(folder, environment))
  const name = projectName(wanted ?? draft.name, folder)
  return completeProject(draft, { name, folder, files, environment, options })
}

function envFilesOf({ envFiles, env, cwd }: ProjectOptions, folder: string): string[] {
  const fromVariable = env['COMPOSE_ENV_FILES']?.split(',') ?? []
  const wanted = envFiles.length > 0 ? envFiles : fromVariable
  if (wanted.length === 0) return defaultEnvFile(folder)
  return wanted.map((path) => resolve(cwd, path))
}

function defaultEnvFile(folder: string): string[] {
  return [join(folder, '.env')].filter((path) => existsSync(path))
}

/** The caller's environment goes over what files say. */
function readEnvironment(paths: readonly string[], env: Environment): Environment {
  const merged: Environment = {}
  for (const path of paths)
    for (const [name, value] of parseComposeEnvFile(
      path,
      readComposeFile(path),
      (one) => env[one] ?? merged[one],
    ))
      merged[name] = value
  return { ...merged, ...env }
}

/** @throws {OperationError} `NOT_FOUND` */
export function readComposeFile(path: string): string {
  try {
    return readFileSync(path === '-' ? 0 : path, 'utf8')
  } catch (cause) {
    throw new OperationError('NOT_FOUND', `read ${path}`, {}, { exitCode: 1, cause })
  }
}

function projectName(wanted: string | undefined, folder: string): string {
  if (wanted !== undefined && wanted !== '') {
    if (/^[a-z0-9][a-z0-9_-]*$/.test(wanted)) return wanted
    throw new OperationError(
      'INVALID_ARGUMENT',
      `invalid project name ${JSON.stringify(wanted)}`,
      {},
      { exitCode: 1, hint: 'Use lower-case letters, digits, "-" and "_", a letter or digit first' },
    )
  }
  const made = basename(folder)
    .toLowerCase()
    .replaceAll(/[^a-z0-9_-]/g, '')
    .replace(/^[_-]+/, '')
  return made === '' ? 'default' : made
}

interface Complete {
  readonly name: string
  readonly folder: string
  readonly files: readonly string[]
  readonly environment: Environment
  readonly options: ProjectOptions
}

function completeProject(draft: Draft, complete: Complete): Project {
  const { name, environment, options } = complete
  const { enabled, disabled } = byProfile(draft.services, options, environment)
  const project: Project = {
    name,
    folder: complete.folder,
    files: complete.files,
    environment,
    services: enabled,
    disabled,
    networks: projectNetworks(draft.networks, name, enabled),
    volumes: projectVolumes(draft.volumes, name),
    secrets: projectSources('secrets', draft.secrets, environment),
    configs: projectSources('configs', draft.configs, environment),
  }
  requireReferences(project)
  return project
}

type Services = Readonly<Record<string, Service>>

/** Services without profiles are always wanted; those that were named, and what these depend on, are too. */
function byProfile(
  services: Services,
  { profiles, services: named = [] }: ProjectOptions,
  environment: Environment,
): { enabled: Services; disabled: Services } {
  const fromVariable = environment['COMPOSE_PROFILES']?.split(',') ?? []
  const wanted = new Set(profiles.length > 0 ? profiles : fromVariable)
  const isWanted = ([name, { profiles: own = [] }]: [string, Service]): boolean =>
    own.length === 0 ||
    wanted.has('*') ||
    named.includes(name) ||
    own.some((one) => wanted.has(one))
  const entries = Object.entries(services)
  return {
    enabled: Object.fromEntries(entries.filter(isWanted)),
    disabled: Object.fromEntries(entries.filter((one) => !isWanted(one))),
  }
}
