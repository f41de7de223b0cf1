import { closeSync, constants, fstatSync, openSync, writeSync } from 'node:fs'
import { OperationError } from '../../native/error.ts'
import type { FileTime } from '../../native/file.ts'
import { openFlags } from '../../native/file.ts'
import { openMergedRoot } from '../merged-root.ts'
import type { UntrustedRoot } from '../path-in-root.ts'
import { attributesOf, copiedAttributes } from './copied-attributes.ts'
import { copyData } from './copy-data.ts'
import type { CopyOperand, CopyRequest } from './copy-request.ts'
import { type ChangeMode, parseChangeMode } from './file-mode.ts'
import type { FileSource } from './file-source.ts'
import { type Owner, resolveOwner } from './owner.ts'
import { placeInRoot } from './place-in-root.ts'
import { fromRaw, toRaw } from './raw-text.ts'
import { openSourceFile } from './read-source.ts'
import { type Selection, selectSources } from './select-sources.ts'
import type { SelectedSource, SourceFile } from './source-file.ts'
import type { StepFolder } from './step-folder.ts'
import { openStepRoot } from './step-root.ts'
import { type FileAttributes, type TreeWriter, createTreeWriter } from './tree-writer.ts'
import { takeBreaths } from './take-breaths.ts'
import { unpackArchive } from './unpack-archive.ts'

const noAttributes: ReadonlyMap<string, Buffer> = new Map()
const folderMode = 0o755
const heredocMode = 0o644
const downloadMode = 0o600
const setIdBits = 0o6000
const root: Owner = { uid: 0, gid: 0 }

interface Copying {
  readonly root: UntrustedRoot
  readonly writer: TreeWriter
  readonly request: CopyRequest
  /** Of `--chown`. */
  readonly owner: Owner | undefined
  readonly changeMode: ChangeMode | undefined
  /** The destination is a folder, whatever is there. */
  readonly isFolder: boolean
}

/**
 * COPY and ADD, as docker does them: a folder's content goes into the destination, a file into it or
 * to it. Everything is looked up before anything is written. Links in the destination are followed
 * inside the step's root.
 *
 * @throws {OperationError} `NOT_FOUND` (source, owner), `INVALID_ARGUMENT` (mode, owner, several
 *   sources to a file, a file in the way), `SYSCALL_FAILED` (ENOSPC, …)
 */
export async function copyStep(step: StepFolder, request: CopyRequest): Promise<void> {
  const changeMode = request.chmod === undefined ? undefined : parseChangeMode(request.chmod)
  const target: StepFolder = request.link ? { ...step, layersBelow: [] } : step
  const matches = await selectAll(request)
  const isFolder = requireDestination(request, matches.length)
  const opened = openStepRoot(target)
  const writer = createTreeWriter(opened.descriptor)
  try {
    const owner = ownerOf(step, opened, request)
    const copying = { root: opened, writer, request, owner, changeMode, isFolder }
    for (const match of matches) await place(copying, match)
    writer.finish()
  } finally {
    writer.close()
    opened.close()
  }
}

/** An operand with what its pattern took. */
type Match =
  | { readonly kind: 'selected'; readonly source: FileSource; readonly selected: SelectedSource }
  | Exclude<CopyOperand, { kind: 'pattern' }>

async function selectAll(request: CopyRequest): Promise<Match[]> {
  const { source, operands } = request
  const excludes = await excludeRules(request.exclude)
  const matches: Match[] = []
  for (const operand of operands) {
    if (operand.kind !== 'pattern') matches.push(operand)
    else if (!source) throw new OperationError('INTERNAL', 'copy without a source')
    else {
      const selection: Selection = {
        patterns: [operand.pattern],
        parents: request.parents,
        excludes,
        isOptional: operands.length > 1,
      }
      for (const selected of selectSources(source, selection))
        matches.push({ kind: 'selected', source, selected })
    }
  }
  if (matches.length > 0) return matches
  throw new OperationError(
    'NOT_FOUND',
    `find ${operands.map((operand) => (operand.kind === 'pattern' ? operand.pattern : '')).join(' ')}`,
    {},
    { hint: 'None of the patterns matches a file', exitCode: 1 },
  )
}

/** `--exclude` as a test of paths relative to what was matched. */
export async function excludeRules(
  patterns: readonly string[],
): Promise<((path: string) => boolean) | undefined> {
  if (patterns.length === 0) return undefined
  const loaded = await import('@balena/dockerignore')
  // Its types speak of a module with a default export; what it exports is the function itself.
  const makeRules = loaded.default as unknown as (typeof loaded.default)['default']
  const rules = makeRules({ ignorecase: false }).add([...patterns])
  return (path) => path !== '' && rules.ignores(path)
}

function requireDestination({ operands, destination }: CopyRequest, matches: number): boolean {
  const isFolder = /\/\.?$/.test(destination)
  if (isFolder || (operands.length <= 1 && matches <= 1)) return isFolder
  if (operands.length <= 1) return false
  throw new OperationError(
    'INVALID_ARGUMENT',
    `copy several files to ${destination}`,
    {},
    {
      hint: 'With more than one source the destination must be a folder, and end with a slash',
      exitCode: 1,
    },
  )
}

function ownerOf(
  { layersBelow }: StepFolder,
  opened: UntrustedRoot,
  { chown, link }: CopyRequest,
): Owner | undefined {
  if (chown === undefined) return undefined
  if (!link || layersBelow.length === 0) return resolveOwner(opened.descriptor, chown)
  using below = openMergedRoot(layersBelow)
  return resolveOwner(below.descriptor, chown)
}

async function place(copying: Copying, match: Match): Promise<void> {
  if (match.kind === 'selected') return placeSelected(copying, match.source, match.selected)
  const { request } = copying
  if (match.kind === 'content') {
    requirePlainName(match.name)
    const content = Buffer.from(match.content)
    const attributes = made(copying, heredocMode, request.time)
    const path = filePlace(copying, toRaw(match.name))
    return copying.writer.file(path, attributes, (descriptor) => writeAll(descriptor, content))
  }
  if (match.name === undefined && copying.isFolder)
    throw new OperationError(
      'INVALID_ARGUMENT',
      'name a downloaded file',
      {},
      { hint: 'The address ends without a name: give a file as destination', exitCode: 1 },
    )
  const attributes = made(copying, downloadMode, match.mtime ?? { seconds: 0, nanoseconds: 0 })
  const path = filePlace(copying, toRaw(match.name ?? ''))
  return withFile(match.file, (from) =>
    copying.writer.file(path, attributes, (to) => copyData(from, to)),
  )
}

function requirePlainName(name: string): void {
  if (!/[/\0]/.test(name) && !/^\.{0,2}$/.test(name)) return
  throw new OperationError(
    'INVALID_ARGUMENT',
    `name a file ${JSON.stringify(name)}`,
    {},
    { hint: 'The word after << is the name of the file: it has no slash', exitCode: 1 },
  )
}

/** What is made by us, and not a copy of something. */
function made({ owner, changeMode }: Copying, mode: number, mtime: FileTime): FileAttributes {
  return {
    ...(owner ?? root),
    mode: changeMode ? changeMode(mode, false) : mode,
    mtime,
    xattrs: noAttributes,
  }
}

function newFolder({ owner, request }: Copying): FileAttributes {
  return { ...(owner ?? root), mode: folderMode, mtime: request.time, xattrs: noAttributes }
}

/** Path that a file goes to: below the destination where that is a folder, else the destination itself. */
function filePlace(copying: Copying, base: string): string {
  const { destination } = copying.request
  const found = placeInRoot(copying.root.descriptor, toRaw(destination))
  if (copying.isFolder || found.kind === 'directory') {
    copying.writer.ensureFolder(found.path, newFolder(copying))
    return join(found.path, base)
  }
  copying.writer.ensureFolder(parentOf(found.path), newFolder(copying))
  return found.path
}

async function placeSelected(
  copying: Copying,
  source: FileSource,
  selected: SelectedSource,
): Promise<void> {
  const { request, writer } = copying
  const [top] = selected.files
  if (!top) return
  if (request.parents) return placeBelowParents(copying, source, selected)
  if (top.kind === 'directory') {
    const found = placeInRoot(copying.root.descriptor, toRaw(request.destination))
    writer.ensureFolder(found.path, newFolder(copying))
    await copyTree(copying, source, selected.files.slice(1), found.path)
    return
  }
  if (request.unpack && top.kind === 'file' && (await unpacked(copying, source, top))) return
  await copyTree(copying, source, [top], filePlace(copying, selected.base))
}

async function placeBelowParents(
  copying: Copying,
  source: FileSource,
  { parents, files, base }: SelectedSource,
): Promise<void> {
  const found = placeInRoot(copying.root.descriptor, toRaw(copying.request.destination))
  copying.writer.ensureFolder(found.path, newFolder(copying))
  for (const parent of parents)
    copying.writer.folder(
      join(found.path, parent.relative),
      attributesFor(copying, source, parent),
      false,
    )
  await copyTree(
    copying,
    source,
    files,
    join(found.path, join(parents.at(-1)?.relative ?? '', base)),
  )
}

async function unpacked(copying: Copying, source: FileSource, file: SourceFile): Promise<boolean> {
  const descriptor = openSourceFile(source, file.path, openFlags.nonBlock)
  try {
    return await unpackArchive(descriptor, () => {
      const found = placeInRoot(copying.root.descriptor, toRaw(copying.request.destination))
      copying.writer.ensureFolder(found.path, newFolder(copying))
      return { root: copying.root.descriptor, path: found.path }
    })
  } finally {
    closeSync(descriptor)
  }
}

/** Copy files, each to its `relative` below `target` ("" is the target itself). */
async function copyTree(
  copying: Copying,
  source: FileSource,
  files: readonly SourceFile[],
  target: string,
): Promise<void> {
  const { writer, request } = copying
  const linked = new Map<string, string>()
  const breathe = takeBreaths(request.signal)
  for (const file of files) {
    await breathe(file.size)
    const path = join(target, file.relative)
    const attributes = attributesFor(copying, source, file)
    if (file.kind === 'directory') writer.folder(path, attributes, file.relative !== '')
    else if (file.kind === 'symlink') writer.symlink(path, file.target ?? '', attributes)
    else if (file.kind !== 'file') writer.node(path, file, attributes)
    else {
      const inode = `${file.device}:${file.inode}`
      const first = file.links > 1 ? linked.get(inode) : undefined
      if (first !== undefined) writer.link(path, first)
      else copyFile(copying, source, file, path)
      linked.set(inode, first ?? path)
    }
  }
}

function copyFile(copying: Copying, source: FileSource, file: SourceFile, path: string): void {
  const from = openSourceFile(source, file.path, openFlags.nonBlock)
  try {
    const status = fstatSync(from, { bigint: true })
    if (!status.isFile() || status.ino !== file.inode) throw replaced(source, file)
    const attributes = attributesFor(copying, source, file, from)
    copying.writer.file(path, attributes, (to) => copyData(from, to))
  } finally {
    closeSync(from)
  }
}

function attributesFor(
  { owner, changeMode }: Copying,
  source: FileSource,
  file: SourceFile,
  opened?: number,
): FileAttributes {
  const isFolder = file.kind === 'directory'
  const xattrs =
    opened !== undefined
      ? attributesOf(opened)
      : isFolder
        ? copiedAttributes(source, file)
        : noAttributes
  const own = source.keepsOwners ? { uid: file.uid, gid: file.gid } : root
  // As docker and buildah: a program of the user's own must not become one that runs as root.
  const mode = source.keepsOwners ? file.mode : file.mode & ~setIdBits
  return {
    ...(owner ?? own),
    mode: changeMode ? changeMode(mode, isFolder) : mode,
    mtime: file.mtime,
    xattrs,
  }
}

function replaced(source: FileSource, file: SourceFile): OperationError {
  return new OperationError(
    'BAD_STATE',
    `copy ${fromRaw(file.path)} of ${source.name}`,
    { reason: 'it was replaced while it was being copied' },
    { hint: 'Do not change the context during a build' },
  )
}

function withFile(path: string, work: (descriptor: number) => void): void {
  const descriptor = openSync(path, constants.O_RDONLY | constants.O_NOFOLLOW)
  try {
    work(descriptor)
  } finally {
    closeSync(descriptor)
  }
}

function writeAll(descriptor: number, content: Buffer): void {
  for (let at = 0; at < content.length;) at += writeSync(descriptor, content, at)
}

function join(folder: string, name: string): string {
  if (folder === '') return name
  return name === '' ? folder : `${folder}/${name}`
}

function parentOf(path: string): string {
  const slash = path.lastIndexOf('/')
  return slash === -1 ? '' : path.slice(0, slash)
}
