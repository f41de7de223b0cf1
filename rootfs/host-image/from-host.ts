import { readFileSync } from 'node:fs'
import { basename } from 'node:path'
import { OperationError } from '../../native/error.ts'
import { addSingleLayerImage } from '../store/add-single-layer-image.ts'
import type { Image } from '../store/image.ts'
import type { ImageStore } from '../store/image-store.ts'
import { addPackageFiles } from './add-package.ts'
import { type Collection, findProgram } from './add-program.ts'
import { addLoaderCache, addSurroundings, defaultPath, newCollection } from './base-tree.ts'
import { newestChange } from './build-host-image.ts'
import { packagesOf } from './debian-package.ts'
import { type FileTree, addFolder, addHostTree, addText } from './file-tree.ts'
import { programKnowledge } from './known-programs.ts'
import { treeLayer } from './tree-layer.ts'

export interface FromHostOptions {
  /** Reference for the image. */
  readonly tag?: string | undefined
  /** Host files and folders to take along. */
  readonly extraPaths?: readonly string[] | undefined
  readonly onNote?: (note: string) => void
}

const maxSystemId = 999
const nobody = 65_534

/**
 * Make a small image of programs of this host with all they load and their configuration. The
 * first program becomes the command.
 *
 * @throws {OperationError} `NOT_FOUND` for a program or path that is not there
 */
export async function fromHost(
  store: ImageStore,
  programs: readonly string[],
  options: FromHostOptions = {},
): Promise<Image> {
  const collection = newCollection()
  for (const name of programs) requireProgram(collection, name)
  addSurroundings(collection)
  addHostAccounts(collection.tree)
  for (const path of options.extraPaths ?? []) requirePath(collection.tree, path)
  addLoaderCache(collection)
  const onNote = options.onNote ?? (() => undefined)
  for (const name of collection.missing) onNote(`${name} is needed but not on this host`)
  return addSingleLayerImage(store, {
    layer: treeLayer(collection.tree),
    config: imageConfig(programs[0] ?? ''),
    created: newestChange(collection.tree),
    createdBy: `from-host ${programs.join(' ')}`,
    references: options.tag === undefined ? [] : [options.tag],
    onNote,
  })
}

function requireProgram(collection: Collection, name: string): void {
  const path = findProgram(collection, name)
  if (path === undefined)
    throw new OperationError(
      'NOT_FOUND',
      'find a program on this host',
      { program: name },
      { hint: 'Install it, or give its path' },
    )
  // A script is nothing without a shell for what it calls.
  findProgram(collection, 'sh')
  for (const hostPackage of packagesOf(path)) addPackageFiles(collection, hostPackage)
  const { paths = [], folders = [] } = programKnowledge(basename(name))
  for (const extra of paths) addHostTree(collection.tree, extra)
  for (const folder of folders) addFolder(collection.tree, folder)
}

function requirePath(tree: FileTree, path: string): void {
  if (!path.startsWith('/'))
    throw new OperationError(
      'INVALID_ARGUMENT',
      'take a path along',
      { path },
      { hint: 'Give it from the root' },
    )
  const before = tree.size
  addHostTree(tree, path)
  if (tree.size === before && !tree.has(path))
    throw new OperationError('NOT_FOUND', 'take a path along', { path })
}

/** System accounts keep their numbers, which the configuration and the owners of files refer to. */
function addHostAccounts(tree: FileTree): void {
  for (const path of ['/etc/passwd', '/etc/group']) {
    const lines = readFileSync(path, 'utf8').split('\n').filter(isSystemAccount)
    addText(tree, path, `${lines.join('\n')}\n`)
  }
}

function isSystemAccount(line: string): boolean {
  const id = Number(line.split(':')[2])
  return line.includes(':') && (id <= maxSystemId || id === nobody)
}

function imageConfig(program: string): Record<string, unknown> {
  const { command, ports = [], stopSignal } = programKnowledge(basename(program))
  return {
    Env: [`PATH=${defaultPath}`],
    Cmd: command ?? [program],
    WorkingDir: '/',
    ...(ports.length === 0
      ? {}
      : { ExposedPorts: Object.fromEntries(ports.map((port) => [port, {}])) }),
    ...(stopSignal === undefined ? {} : { StopSignal: stopSignal }),
  }
}
