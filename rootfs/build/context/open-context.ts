import {
  closeSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readFileSync,
  readSync,
  statSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, join, resolve } from 'node:path'
import { OperationError } from '../../../native/error.ts'
import type { IgnoreRules } from '../../build-steps/file-source.ts'
import { readMergedFile } from '../../store/read-merged-file.ts'
import { removeFolder } from '../../store/remove-folder.ts'
import type { BuildRequest } from '../execute/build-request.ts'
import { ignoreRules } from '../ignore-rules.ts'
import { copyInput, readAll } from './read-input.ts'

export interface ContextWish {
  /** Folder, archive, or "-" for standard input: an archive or a Dockerfile. */
  readonly context: string
  /** `--file`; "-" for standard input. */
  readonly file: string | undefined
}

export interface OpenedContext extends Pick<BuildRequest, 'dockerfile' | 'context'> {
  readonly close: () => void
}

const standardInput = 0
const maxDockerfile = 4 * 1024 * 1024
const dockerfileNames = ['Dockerfile', 'Containerfile']
const ignoreNames = ['.containerignore', '.dockerignore']

/**
 * Find the Dockerfile and the files that go with it.
 *
 * @throws {OperationError} `NOT_FOUND`, `INVALID_ARGUMENT`
 */
export async function openContext(wish: ContextWish): Promise<OpenedContext> {
  if (wish.context === '-') return fromStandardInput(wish)
  if (/^(?:https?|git|ssh):\/\/|^git@/.test(wish.context))
    throw new OperationError(
      'UNSUPPORTED',
      'open the build context',
      { context: wish.context },
      { hint: 'Fetch it first, and give the folder', exitCode: 1 },
    )
  const status = statSync(wish.context, { throwIfNoEntry: false })
  if (!status) throw missing('open the build context', wish.context)
  if (status.isDirectory()) return fromFolder(resolve(wish.context), wish)
  const descriptor = openSync(wish.context, 'r')
  try {
    return await fromArchive(descriptor, wish)
  } finally {
    closeSync(descriptor)
  }
}

function fromFolder(folder: string, { file }: ContextWish): OpenedContext {
  const close = (): void => undefined
  const read = (path: string): string | undefined => readText(resolve(folder, path))
  if (file === '-') {
    const text = readAll(standardInput).toString()
    const dockerfile = { text, name: 'Dockerfile', identity: `${folder} -` }
    return { dockerfile, context: { folder, ignore: rulesIn(read), isTemporary: false }, close }
  }
  const path = dockerfilePath(folder, file)
  const text = path === undefined ? undefined : readText(path)
  if (path === undefined || text === undefined) throw missingDockerfile(file ?? folder)
  const dockerfile = { text, name: file ?? basename(path), identity: path }
  const ignore = rulesIn(read, `${path}.dockerignore`)
  return { dockerfile, context: { folder, ignore, isTemporary: false }, close }
}

/** A file that is given is relative to where the user is, or else to the context. */
function dockerfilePath(folder: string, file: string | undefined): string | undefined {
  const paths =
    file === undefined
      ? dockerfileNames.map((name) => join(folder, name))
      : [resolve(file), resolve(folder, file)]
  return paths.find((path) => existsSync(path))
}

/** Whoever made the archive must not choose files of this machine: links are followed inside it only. */
function fromUnpacked(folder: string, { file }: ContextWish): OpenedContext {
  const read = (path: string): string | undefined => readMergedFile([folder], path)
  const names = file === undefined ? dockerfileNames : [file]
  const name = names.find((each) => read(each) !== undefined)
  if (name === undefined) throw missingDockerfile(file ?? 'Dockerfile')
  const dockerfile = { text: read(name) ?? '', name, identity: name }
  const ignore = rulesIn(read, `${name}.dockerignore`)
  return { dockerfile, context: { folder, ignore, isTemporary: true }, close: () => undefined }
}

function missingDockerfile(path: string): OperationError {
  return new OperationError(
    'NOT_FOUND',
    'read the Dockerfile',
    { path },
    { hint: 'Name it with --file', exitCode: 1 },
  )
}

/** Undefined where there is no such file. */
function readText(path: string): string | undefined {
  const status = statSync(path, { throwIfNoEntry: false })
  if (!status) return undefined
  // `-f <(command)` is a pipe.
  const isReadable = status.isFile() || status.isFIFO()
  if (isReadable && status.size <= maxDockerfile) return readFileSync(path, 'utf8')
  throw new OperationError(
    'INVALID_ARGUMENT',
    'read a file of the build',
    { path, bytes: status.size, expected: 'a file of 4 MiB at most' },
    { exitCode: 1 },
  )
}

function rulesIn(
  read: (path: string) => string | undefined,
  own?: string,
): IgnoreRules | undefined {
  for (const path of [...(own === undefined ? [] : [own]), ...ignoreNames]) {
    const text = read(path)
    if (text !== undefined) return ignoreRules(text, basename(path))
  }
  return undefined
}

/** Standard input is an archive where it begins as one, else a Dockerfile. */
async function fromStandardInput(wish: ContextWish): Promise<OpenedContext> {
  const folder = mkdtempSync(join(tmpdir(), 'myimage-build-'))
  const close = (): void => removeFolder(folder)
  try {
    const content = join(folder, 'input')
    const descriptor = openSync(content, 'w+', 0o600)
    try {
      copyInput(standardInput, descriptor)
      const { openPlainArchive } = await import('../../build-steps/plain-archive.ts')
      const start = Buffer.alloc(512)
      const count = readSync(descriptor, start, 0, start.length, 0)
      const isArchive = await openPlainArchive(descriptor, start.subarray(0, count))
      if (isArchive) {
        await isArchive[Symbol.asyncIterator]().return?.()
        return withCloser(await fromArchive(descriptor, wish), close)
      }
    } finally {
      closeSync(descriptor)
    }
    const dockerfile = { text: readText(content) ?? '', name: 'Dockerfile', identity: '-' }
    return { dockerfile, context: undefined, close }
  } catch (error) {
    close()
    throw error
  }
}

function withCloser(opened: OpenedContext, close: () => void): OpenedContext {
  const closeBoth = (): void => {
    opened.close()
    close()
  }
  return { ...opened, close: closeBoth }
}

async function fromArchive(descriptor: number, wish: ContextWish): Promise<OpenedContext> {
  const { unpackArchive } = await import('../../build-steps/unpack-archive.ts')
  const folder = mkdtempSync(join(tmpdir(), 'myimage-build-'))
  const close = (): void => removeFolder(folder)
  const root = join(folder, 'files')
  mkdirSync(root)
  const descriptorOfRoot = openSync(root, 'r')
  try {
    const owner = { uid: 0, gid: 0 }
    const target = { root: descriptorOfRoot, path: '', owner }
    if (await unpackArchive(descriptor, () => target))
      return withCloser(fromUnpacked(root, wish), close)
    throw new OperationError(
      'INVALID_ARGUMENT',
      'open the build context',
      { context: wish.context, expected: 'a folder, or a tar archive' },
      { exitCode: 1 },
    )
  } catch (error) {
    close()
    throw error
  } finally {
    closeSync(descriptorOfRoot)
  }
}

function missing(step: string, path: string): OperationError {
  const hint = 'There is no such file or folder'
  return new OperationError('NOT_FOUND', step, { path }, { hint, exitCode: 1 })
}
