import {
  closeSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readFileSync,
  readSync,
  statSync,
  writeSync,
} from 'node:fs'
import { basename, isAbsolute, join, resolve } from 'node:path'
import { OperationError } from '../../../native/error.ts'
import type { IgnoreRules } from '../../build-steps/file-source.ts'
import { removeFolder } from '../../store/remove-folder.ts'
import type { BuildRequest } from '../execute/build-request.ts'
import { ignoreRules } from '../ignore-rules.ts'

export interface ContextWish {
  /** Folder, archive, or "-" for standard input: an archive or a Dockerfile. */
  readonly context: string
  /** `--file`; "-" for standard input. */
  readonly file: string | undefined
  /** Folder where archives may be unpacked. */
  readonly temporary: string
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

function fromFolder(folder: string, wish: ContextWish, isUnpacked = false): OpenedContext {
  const { file } = wish
  if (file === '-') {
    const text = readAll(standardInput).toString()
    const dockerfile = { text, name: 'Dockerfile', identity: `${folder} -` }
    return {
      dockerfile,
      context: { folder, ignore: rulesIn(folder), isTemporary: false },
      close: () => undefined,
    }
  }
  const path = dockerfilePath(folder, file, isUnpacked)
  const dockerfile = {
    text: readDockerfile(path),
    name: file ?? basename(path),
    identity: isUnpacked ? basename(path) : path,
  }
  const ignore = rulesIn(folder, `${path}.dockerignore`)
  const context = { folder, ignore, isTemporary: isUnpacked }
  return { dockerfile, context, close: () => undefined }
}

/** A file that is given is relative to where the user is, or else to the context. */
function dockerfilePath(folder: string, file: string | undefined, isUnpacked: boolean): string {
  if (file === undefined) {
    const found = dockerfileNames.map((name) => join(folder, name)).find(existsSync)
    return found ?? missingDockerfile(join(folder, 'Dockerfile'))
  }
  const here = resolve(file)
  if (!isUnpacked && existsSync(here)) return here
  const inside = join(folder, file)
  const isInside = inside.startsWith(`${folder}/`)
  if (isInside && !isAbsolute(file) && existsSync(inside)) return inside
  return missingDockerfile(isUnpacked ? file : here)
}

function missingDockerfile(path: string): never {
  throw new OperationError(
    'NOT_FOUND',
    'read the Dockerfile',
    { path },
    { hint: 'Name it with --file', exitCode: 1 },
  )
}

function readDockerfile(path: string): string {
  const status = statSync(path)
  if (!status.isFile() || status.size > maxDockerfile)
    throw new OperationError(
      'INVALID_ARGUMENT',
      'read the Dockerfile',
      { path, bytes: status.size, expected: 'a file of 4 MiB at most' },
      { exitCode: 1 },
    )
  return readFileSync(path, 'utf8')
}

function rulesIn(folder: string, own?: string): IgnoreRules | undefined {
  const paths = [
    ...(own === undefined ? [] : [own]),
    ...ignoreNames.map((name) => join(folder, name)),
  ]
  for (const path of paths) {
    const status = statSync(path, { throwIfNoEntry: false })
    if (status?.isFile()) return ignoreRules(readFileSync(path, 'utf8'), basename(path))
  }
  return undefined
}

/** Standard input is an archive where it begins as one, else a Dockerfile. */
async function fromStandardInput(wish: ContextWish): Promise<OpenedContext> {
  const folder = mkdtempSync(join(wish.temporary, 'context-'))
  const close = (): void => removeFolder(folder)
  try {
    const content = join(folder, 'input')
    const descriptor = openSync(content, 'w+', 0o600)
    try {
      copyInput(descriptor)
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
    const dockerfile = { text: readDockerfile(content), name: 'Dockerfile', identity: '-' }
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
  const folder = mkdtempSync(join(wish.temporary, 'context-'))
  const close = (): void => removeFolder(folder)
  const root = join(folder, 'files')
  mkdirSync(root)
  const descriptorOfRoot = openSync(root, 'r')
  try {
    const owner = { uid: 0, gid: 0 }
    const target = { root: descriptorOfRoot, path: '', owner }
    if (await unpackArchive(descriptor, () => target))
      return withCloser(fromFolder(root, wish, true), close)
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

function copyInput(target: number): void {
  const piece = Buffer.allocUnsafe(256 * 1024)
  for (;;) {
    const count = readSome(standardInput, piece)
    if (count === 0) return
    for (let at = 0; at < count;) at += writeSync(target, piece, at, count - at)
  }
}

function readAll(descriptor: number): Buffer {
  const pieces: Buffer[] = []
  const piece = Buffer.allocUnsafe(64 * 1024)
  for (;;) {
    const count = readSome(descriptor, piece)
    if (count === 0) return Buffer.concat(pieces)
    pieces.push(Buffer.from(piece.subarray(0, count)))
  }
}

function readSome(descriptor: number, piece: Buffer): number {
  for (;;) {
    try {
      return readSync(descriptor, piece)
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException
      if (code === 'EOF') return 0
      // A pipe in non-blocking mode that is empty.
      if (code !== 'EAGAIN') throw error
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 2)
    }
  }
}

function missing(step: string, path: string): OperationError {
  return new OperationError('NOT_FOUND', step, { path }, { exitCode: 1 })
}
