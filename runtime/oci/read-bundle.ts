import { readFileSync, realpathSync, statSync } from 'node:fs'
import { resolve } from 'node:path'
import { OperationError } from '../../native/error.ts'
import { type Config, parseConfig } from '../spec/config.ts'

export interface Bundle {
  /** Absolute. */
  readonly path: string
  /** Absolute, without symbolic links. */
  readonly rootfs: string
  readonly config: Config
}

/**
 * A bundle: a folder with config.json and, usually, the root file system.
 *
 * @param file another name or path of the configuration (crun's --config)
 * @throws {OperationError} `NOT_FOUND` where a part is missing, `INVALID_SPEC`
 * @see https://github.com/opencontainers/runtime-spec/blob/v1.3.0/bundle.md
 */
export function readBundle(folder: string, file = 'config.json'): Bundle {
  const path = resolve(folder)
  const config = parseConfig(readConfigText(resolve(path, file)))
  const rootfs = resolve(path, config.root.path)
  return { path, rootfs: realFolder(rootfs), config }
}

function readConfigText(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch (cause) {
    throw new OperationError(
      'NOT_FOUND',
      `JSON specification file ${path} cannot be read`,
      {},
      { cause, hint: 'Name the folder of the bundle (--bundle); "spec" makes a config.json there' },
    )
  }
}

function realFolder(path: string): string {
  const isFolder = statSync(path, { throwIfNoEntry: false })?.isDirectory() === true
  if (isFolder) return realpathSync(path)
  throw new OperationError(
    'NOT_FOUND',
    'the root file system is no folder',
    { path },
    { hint: 'Put it there, or correct root.path of config.json' },
  )
}
