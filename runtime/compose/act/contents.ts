import { createHash } from 'node:crypto'
import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { OperationError } from '../../../native/error.ts'
import type { Engine } from '../../cli/engine.ts'
import type { ContentSource, Project } from '../model/project.ts'
import type { FileReference, Service } from '../model/service.ts'
import { contentKey } from '../plan/mount-words.ts'

type Kind = 'secrets' | 'configs'

/** Where what a project's secrets and configs hold is kept, for root alone, until `down`. */
export async function contentFolder(engine: Engine, project: string): Promise<string> {
  const { dataDir } = await engine.info()
  return join(dataDir, 'compose', project)
}

/**
 * Host paths of what a service's secrets and configs hold: the user's own file where nobody asked for another owner or mode,
 * so that changes are seen; else a copy.
 *
 * @throws {OperationError} `NOT_FOUND`: a file is not there
 */
export function writeContents(
  project: Project,
  service: Service,
  folder: string,
): Map<string, string> {
  const paths = new Map<string, string>()
  for (const { kind, reference, source } of contentsOf(project, service)) {
    const { uid, gid, mode } = reference
    if (source.kind === 'file' && !existsSync(source.path))
      throw new OperationError(
        'NOT_FOUND',
        `${kind}.${reference.source}: there is no file ${source.path}`,
        {},
        { exitCode: 1 },
      )
    if (source.kind === 'unset') throw unset(kind, reference.source, source.variable)
    const isPlain = uid === undefined && gid === undefined && mode === undefined
    const key = contentKey(kind, reference)
    if (source.kind === 'file' && isPlain) {
      paths.set(key, source.path)
      continue
    }
    const content = source.kind === 'file' ? readFileSync(source.path) : Buffer.from(source.text)
    const path = join(folder, nameOf(key, content))
    mkdirSync(folder, { recursive: true, mode: 0o700 })
    writeFileSync(`${path}.tmp`, content, { mode: 0o600 })
    chownSync(`${path}.tmp`, Number(uid ?? 0), Number(gid ?? 0))
    chmodSync(`${path}.tmp`, mode === undefined ? 0o444 : Number.parseInt(mode, 8))
    renameSync(`${path}.tmp`, path)
    paths.set(key, path)
  }
  return paths
}

function unset(kind: Kind, name: string, variable: string): OperationError {
  return new OperationError(
    'INVALID_ARGUMENT',
    `${kind}.${name}: the variable ${variable} is not set`,
    {},
    { exitCode: 1, hint: `Set ${variable} in the environment or in the .env file` },
  )
}

/** What stands for the contents in the hash of a configuration. */
export function contentDigests(project: Project, service: Service): Map<string, string> {
  const digests = contentsOf(project, service).map(({ kind, reference, source }) => {
    const key = contentKey(kind, reference)
    if (source.kind === 'unset') return [key, '']
    return [key, source.kind === 'file' ? source.path : nameOf(key, Buffer.from(source.text))]
  })
  return new Map(digests as [string, string][])
}

/** The one content of a name never changes: a container that has it mounted keeps what it had. */
function nameOf(key: string, content: Buffer): string {
  return createHash('sha256').update(key).update('\0').update(content).digest('hex')
}

interface Content {
  readonly kind: Kind
  readonly reference: FileReference
  readonly source: ContentSource
}

function contentsOf(project: Project, service: Service): Content[] {
  const kinds: readonly Kind[] = ['secrets', 'configs']
  return kinds.flatMap((kind) =>
    (service[kind] ?? []).flatMap((reference) => {
      const source = project[kind][reference.source]
      return source ? [{ kind, reference, source }] : []
    }),
  )
}

export async function removeContents(engine: Engine, project: string): Promise<void> {
  rmSync(await contentFolder(engine, project), { recursive: true, force: true })
}
