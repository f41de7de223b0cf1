import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { OperationError } from '../../../native/error.ts'
import { readStartTicks } from '../../container/process-identity.ts'
import type { Caller } from '../caller.ts'
import { type ContainerWish, compileContainer } from '../compile-container.ts'
import { deleteContainer } from '../delete-container.ts'
import { keepContainer } from '../make-container.ts'
import { writePidFile } from '../pid-file.ts'
import { bindMounts } from './criu-options.ts'
import { runCriu } from './run-criu.ts'

export interface RestoreWish extends ContainerWish {
  readonly criu: string
  readonly imagePath: string
  readonly workPath: string | undefined
  /** Further options of criu(8). */
  readonly options: readonly string[]
}

/**
 * `restore`: a container from a checkpoint, in a bundle like the one it had. It runs from there on.
 *
 * @returns pid of its init
 * @throws {OperationError} `UNSUPPORTED` without CRIU; `SYSCALL_FAILED`, with nothing left behind
 */
export async function restoreContainer(caller: Caller, wish: RestoreWish): Promise<number> {
  const compiled = compileContainer(caller, wish, 0)
  const { folder, bundle, config } = compiled
  keepContainer(compiled)
  const workPath = resolve(wish.workPath ?? wish.imagePath)
  mkdirSync(workPath, { recursive: true, mode: 0o700 })
  const scratch = mkdtempSync(join(folder.path, 'restore-'))
  const pidFile = join(scratch, 'pid')
  try {
    const words = [
      'restore',
      `--images-dir=${wish.imagePath}`,
      `--root=${bundle.rootfs}`,
      `--pidfile=${pidFile}`,
      '--restore-detached',
      ...bindMounts(config).flatMap(({ destination, source }) => [
        '--external',
        `mnt[${destination}]:${source}`,
      ]),
      ...wish.options,
    ]
    runCriu({ program: wish.criu, words, workPath, env: wish.env })
    const pid = Number(readFileSync(pidFile, 'utf8').trim())
    const ticks = readStartTicks(pid)
    if (ticks === undefined)
      throw new OperationError('START_FAILED', 'restore a container: it ended at once', { pid })
    writeFileSync(folder.process, `{"pid":${pid},"startTicks":${ticks}}\n`)
    if (wish.pidFile !== undefined) writePidFile(wish.pidFile, pid)
    return pid
  } catch (error) {
    await deleteContainer(wish.root, wish.id, { force: true, warn: wish.warn, withoutHooks: true })
    throw error
  } finally {
    rmSync(scratch, { recursive: true, force: true })
  }
}
