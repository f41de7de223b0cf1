import { type BigIntStats, fstatSync } from 'node:fs'
import { OperationError } from '../../../native/error.ts'
import { errnoName } from '../../../native/errno.ts'
import { closeFile, openAt, openFlags, readLinkAt } from '../../../native/file.ts'
import { rawPath } from '../../../rootfs/layer/folder-cache.ts'
import type { FileView } from './file-view.ts'
import { fromRaw } from '../../../native/raw-text.ts'

const ENOENT = 2
const maxLinks = 40

/** Where a path leads. Its descriptors are opened with `O_PATH` and live until `close`. */
export interface Place {
  /** Without symbolic links, "." and "..", as far as it exists; one character per byte. */
  readonly path: string
  /** The folder that has, or would have, `name`. */
  readonly parent: number
  /** "." for the root itself. */
  readonly name: string
  /** What is there; undefined where nothing is. */
  readonly file: number | undefined
  readonly status: BigIntStats | undefined
  readonly isWritable: boolean
  close(): void
}

interface Step {
  readonly path: string
  readonly name: string
  readonly file: number
  readonly isWritable: boolean
}

/**
 * Look a path up as a process whose root is the view's would. Every name is opened by itself, in
 * the folder that is already open, and never followed; a symbolic link is read and walked as text,
 * ".." goes back to the folder we came from. So whoever renames or swaps files meanwhile can
 * change which file of the view is found, but not lead out of it.
 *
 * @param path one character per byte; relative ones begin at the root
 * @param follow whether a symbolic link at the end is followed; one before a "/" always is
 * @throws {OperationError} `NOT_FOUND` where a folder on the way is missing, `INVALID_ARGUMENT`
 *   where something on the way is no folder
 */
export function walkPath(view: FileView, path: string, follow: boolean): Place {
  const root = { path: '/', name: '.', file: view.root, isWritable: view.isWritable }
  const steps: Step[] = []
  const close = (): void => {
    for (const { file } of steps.splice(0)) closeFile(file)
  }
  try {
    return walk()
  } catch (error) {
    close()
    throw error
  }

  function walk(): Place {
    let pending = path.split('/')
    const asFolder = endsAsFolder(path)
    for (let links = 0; pending.length > 0;) {
      const name = pending.shift() ?? ''
      if (name === '' || name === '.') continue
      if (name === '..') {
        const left = steps.pop()
        if (left) closeFile(left.file)
        continue
      }
      const here = steps.at(-1) ?? root
      const isLast = pending.every((part) => part === '' || part === '.')
      const next = openStep(view, here, name)
      if (typeof next === 'number') {
        if (next === -ENOENT && isLast) return missing(here, name)
        throw lookUpError(path, next)
      }
      const status = fstatSync(next.file, { bigint: true })
      if (status.isSymbolicLink() && (!isLast || follow || asFolder)) {
        const target = readTarget(next.file)
        if (++links > maxLinks) throw lookUpError(path, -40)
        if (target.startsWith('/')) close()
        pending = [...target.split('/'), ...pending]
        continue
      }
      steps.push(next)
      if (!status.isDirectory() && (!isLast || asFolder)) throw lookUpError(path, -20)
    }
    return found()
  }

  function found(): Place {
    const last = steps.at(-1) ?? root
    const before = steps.at(-2) ?? root
    const status = fstatSync(last.file, { bigint: true })
    return { ...last, parent: before.file, status, close }
  }

  function missing(here: Step, name: string): Place {
    return {
      path: childPath(here.path, name),
      parent: here.file,
      name,
      file: undefined,
      status: undefined,
      isWritable: here.isWritable,
      close,
    }
  }
}

/** "folder/" and "folder/." mean a folder, and follow a symbolic link to one. */
export function endsAsFolder(path: string): boolean {
  return path.endsWith('/') || path.endsWith('/.') || path === '.'
}

export function childPath(folder: string, name: string): string {
  return folder === '/' ? `/${name}` : `${folder}/${name}`
}

/** @returns the step, or -errno */
export function openStep(
  view: FileView,
  here: Pick<Step, 'path' | 'file' | 'isWritable'>,
  name: string,
): Step | number {
  const path = childPath(here.path, name)
  const mount = view.mounts.find(({ destination }) => destination === path)
  const file = mount
    ? mount.open()
    : openAt(here.file, rawPath(name), openFlags.path | openFlags.noFollow)
  if (file < 0) return file
  return { path, name, file, isWritable: mount ? mount.isWritable : here.isWritable }
}

function readTarget(link: number): string {
  const target = readLinkAt(link, '')
  closeFile(link)
  if (typeof target === 'number') throw lookUpError('a symbolic link', target)
  return target.toString('latin1')
}

function lookUpError(path: string, errno: number): OperationError {
  const name = errnoName(errno)
  return new OperationError(
    name === 'ENOENT' ? 'NOT_FOUND' : 'INVALID_ARGUMENT',
    `look up ${fromRaw(path)}`,
    { errno: name },
    { exitCode: 1 },
  )
}
