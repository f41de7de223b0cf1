import { readFileSync } from 'node:fs'
import { basename } from 'node:path'
import { OperationError } from '../../native/error.ts'
import { addSingleLayerImage } from '../store/add-single-layer-image.ts'
import type { Image } from '../store/image.ts'
import type { ImageStore } from '../store/image-store.ts'
import { addPackageFiles } from './add-package.ts'
import { type Collection, addProgramAs, findProgram } from './add-program.ts'
import { addLoaderCache, addSurroundings, defaultPath, newCollection } from './base-tree.ts'
import { newestChange } from './build-host-image.ts'
import { packagesOf } from './debian-package.ts'
import { excludedBy } from './excluded-paths.ts'
import { type FileTree, addFolder, addHostTree, addHostTreeAs, addText } from './file-tree.ts'
import { programKnowledge } from './known-programs.ts'
import { type Placement, readPlacement } from './placement.ts'
import { treeLayer } from './tree-layer.ts'

export interface FromHostOptions {
  /** Reference for the image. */
  readonly tag?: string | undefined
  /** Host files and folders to take along, each as "path" or "path:place in the image". */
  readonly extraPaths?: readonly string[] | undefined
  /** Globs of paths to leave out; with a module goes what only it loads. */
  readonly excluded?: readonly string[] | undefined
  readonly onNote?: (note: string) => void
}

const maxSystemId = 999
const nobody = 65_534

/**
 * Make a small image of programs of this host with all they load and their configuration. The
 * first program becomes the command.
 *
 * @param programs names, paths, or "path:place in the image"
 * @throws {OperationError} `NOT_FOUND` for a program or path that is not there
 */
export async function fromHost(
  store: ImageStore,
  programs: readonly string[],
  options: FromHostOptions = {},
): Promise<Image> {
  const isExcluded = excludedBy(options.excluded ?? [])
  const placements = programs.map(readPlacement)
  const collection = newCollection(isExcluded)
  for (const placement of placements) requireProgram(collection, placement)
  addSurroundings(collection)
  addHostAccounts(collection.tree)
  for (const path of options.extraPaths ?? []) requirePath(collection.tree, readPlacement(path))
  addLoaderCache(collection)
  for (const path of collection.tree.keys()) if (isExcluded(path)) collection.tree.delete(path)
  const onNote = options.onNote ?? (() => undefined)
  for (const name of collection.missing) onNote(`${name} is needed but not on this host`)
  return addSingleLayerImage(store, {
    layer: treeLayer(collection.tree),
    config: imageConfig(placements[0]?.place ?? placements[0]?.source ?? ''),
    created: newestChange(collection.tree),
    // Where they lay here is this machine's affair, and would give each machine an image of its own.
    createdBy: `from-host ${placements.map(({ source, place }) => place ?? source).join(' ')}`,
    references: options.tag === undefined ? [] : [options.tag],
    onNote,
  })
}

function requireProgram(collection: Collection, { source, place }: Placement): void {
  const path =
    place === undefined ? findProgram(collection, source) : addProgramAs(collection, source, place)
  if (path === undefined)
    throw new OperationError(
      'NOT_FOUND',
      'find a program on this host',
      { program: source },
      { hint: 'Install it, or give its path' },
    )
  // A script is nothing without a shell for what it calls.
  findProgram(collection, 'sh')
  for (const hostPackage of packagesOf(path)) addPackageFiles(collection, hostPackage)
  const { paths = [], folders = [] } = programKnowledge(basename(place ?? source))
  for (const extra of paths) addHostTree(collection.tree, extra)
  for (const folder of folders) addFolder(collection.tree, folder)
}

function requirePath(tree: FileTree, { source, place }: Placement): void {
  if (!source.startsWith('/'))
    throw new OperationError(
      'INVALID_ARGUMENT',
      'take a path along',
      { path: source },
      { hint: 'Give it from the root' },
    )
  const before = tree.size
  const at = place ?? source
  if (place === undefined) addHostTree(tree, source)
  else addHostTreeAs(tree, source, place)
  if (tree.size === before && !tree.has(at))
    throw new OperationError('NOT_FOUND', 'take a path along', { path: source })
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
