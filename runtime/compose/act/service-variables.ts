import { OperationError } from '../../../native/error.ts'
import { parseComposeEnvFile } from '../file/env-file.ts'
import { readComposeFile } from '../file/load-project.ts'
import type { Project } from '../model/project.ts'
import type { EnvironmentFile, Service, Texts } from '../model/service.ts'

/** What a service's env_file entries say, later ones over earlier ones. @throws {OperationError} `NOT_FOUND` */
export function fileVariables({ environment }: Project, service: Service): Map<string, string> {
  const merged = new Map<string, string>()
  for (const file of service.envFiles ?? [])
    for (const [name, value] of readVariables(file, (one) => merged.get(one) ?? environment[one]))
      merged.set(name, value)
  return merged
}

function readVariables(
  { path, required, format }: EnvironmentFile,
  lookup: (name: string) => string | undefined,
): Map<string, string> {
  let text: string
  try {
    text = readComposeFile(path)
  } catch (error) {
    if (!required) return new Map()
    throw error instanceof OperationError
      ? new OperationError(
          'NOT_FOUND',
          `env file ${path} not found`,
          {},
          { exitCode: 1, hint: 'Create it, or write "required: false" beside its path' },
        )
      : error
  }
  return format === 'raw' ? rawVariables(text) : parseComposeEnvFile(path, text, lookup)
}

function rawVariables(text: string): Map<string, string> {
  const lines = text
    .split(/\r?\n/)
    .filter((line) => !/^\s*(?:#|$)/.test(line) && line.includes('='))
  return new Map(
    lines.map((line) => [line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)]),
  )
}

/** What a service's label_file entries say, under what its labels say. */
export function withFileLabels(project: Project, service: Service): Texts {
  const files = service.labelFiles ?? []
  const read = files.map((path) => fileVariables(project, { envFiles: [{ path, required: true }] }))
  return Object.assign({}, ...read.map((one) => Object.fromEntries(one)), service.labels) as Texts
}
