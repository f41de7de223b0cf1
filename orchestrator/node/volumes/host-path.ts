import { mkdirSync, statSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import type { Stats } from 'node:fs'
import { podError } from '../environment/pod-error.ts'

/**
 * Check that a path of the node is what a hostPath volume says, and make it where the type asks for that.
 * Without a type anything will do, and a missing path is made a folder, as container runtimes do.
 *
 * @throws {OperationError} `BAD_STATE`
 * @see https://kubernetes.io/docs/concepts/storage/volumes/#hostpath-volume-types
 */
export function prepareHostPath(path: string, type: string): void {
  const stat = statSync(path, { throwIfNoEntry: false })
  switch (type) {
    case '':
      if (!stat) mkdirSync(path, { recursive: true, mode: 0o755 })
      return
    case 'DirectoryOrCreate':
      if (!stat) mkdirSync(path, { recursive: true, mode: 0o755 })
      return requireType(stat ?? statSync(path), path, 'Directory')
    case 'FileOrCreate':
      if (!stat) createFile(path)
      return requireType(stat ?? statSync(path), path, 'File')
    default:
      return requireType(stat, path, type)
  }
}

/** The folder has to be there: only the file is made. */
function createFile(path: string): void {
  if (!statSync(dirname(path), { throwIfNoEntry: false }))
    throw refused(`open ${path}: no such file or directory`)
  writeFileSync(path, '', { flag: 'a', mode: 0o644 })
}

const checks: Readonly<Record<string, readonly [(stat: Stats) => boolean, string]>> = {
  Directory: [(stat) => stat.isDirectory(), 'a directory'],
  File: [(stat) => stat.isFile(), 'a file'],
  Socket: [(stat) => stat.isSocket(), 'a socket file'],
  CharDevice: [(stat) => stat.isCharacterDevice(), 'a character device'],
  BlockDevice: [(stat) => stat.isBlockDevice(), 'a block device'],
}

function requireType(stat: Stats | undefined, path: string, type: string): void {
  const [isRight, words] = checks[type] ?? []
  if (!isRight || words === undefined) throw refused(`${type} is an invalid volume type`)
  if (!stat || !isRight(stat)) throw refused(`${path} is not ${words}`)
}

function refused(why: string): Error {
  return podError('BAD_STATE', `hostPath type check failed: ${why}`)
}
