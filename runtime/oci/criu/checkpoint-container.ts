import { mkdirSync } from 'node:fs'
import { resolve } from 'node:path'
import { OperationError } from '../../../native/error.ts'
import { readContainer, requireStatus } from '../oci-record.ts'
import { bindMounts } from './criu-options.ts'
import { runCriu } from './run-criu.ts'
import { readStoredConfig } from '../stored-config.ts'

export interface CheckpointWish {
  readonly root: string
  readonly id: string
  readonly criu: string
  readonly env: NodeJS.ProcessEnv
  readonly imagePath: string
  readonly workPath: string | undefined
  readonly parentPath: string | undefined
  readonly isPreDump: boolean
  readonly leaveRunning: boolean
  /** ADDRESS:PORT */
  readonly pageServer: string | undefined
  readonly statusDescriptor: number | undefined
  /** Further options of criu(8). */
  readonly options: readonly string[]
}

/**
 * `checkpoint`: write a container to a folder.
 *
 * @throws {OperationError} `UNSUPPORTED` without CRIU; `SYSCALL_FAILED` where it fails: the container goes on then
 */
export function checkpointContainer(wish: CheckpointWish): void {
  const container = readContainer(wish.root, wish.id)
  requireStatus(container, 'checkpoint', 'running', 'paused')
  const { folder, pid } = container
  const config = readStoredConfig(folder)
  const workPath = resolve(wish.workPath ?? wish.imagePath)
  for (const path of [wish.imagePath, workPath]) mkdirSync(path, { recursive: true, mode: 0o700 })
  const words = [
    wish.isPreDump ? 'pre-dump' : 'dump',
    `--tree=${pid}`,
    `--images-dir=${wish.imagePath}`,
    `--root=/proc/${pid}/root`,
    ...bindMounts(config).flatMap(({ destination }) => [
      '--external',
      `mnt[${destination}]:${destination}`,
    ]),
    ...wish.options,
    ...(wish.isPreDump ? ['--track-mem'] : []),
    ...(wish.parentPath === undefined ? [] : ['--prev-images-dir', wish.parentPath, '--track-mem']),
    ...(wish.leaveRunning && !wish.isPreDump ? ['--leave-running'] : []),
    ...(wish.pageServer === undefined ? [] : pageServerWords(wish.pageServer)),
    ...(wish.statusDescriptor === undefined ? [] : ['--status-fd', String(wish.statusDescriptor)]),
  ]
  runCriu({ program: wish.criu, words, workPath, env: wish.env })
}

function pageServerWords(text: string): string[] {
  const at = text.lastIndexOf(':')
  if (at > 0) return ['--page-server', '--address', text.slice(0, at), '--port', text.slice(at + 1)]
  throw new OperationError(
    'INVALID_ARGUMENT',
    `use the page server ${JSON.stringify(text)}`,
    {},
    { hint: 'Write ADDRESS:PORT' },
  )
}
