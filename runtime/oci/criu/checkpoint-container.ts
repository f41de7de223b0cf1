import { chmodSync, chownSync, mkdirSync } from 'node:fs'
import { resolve } from 'node:path'
import { OperationError } from '../../../native/error.ts'
import { freeze, thaw } from '../../cgroup/freeze.ts'
import type { Config } from '../../spec/config.ts'
import { deleteContainer } from '../delete-container.ts'
import { readContainer, requireStatus } from '../oci-record.ts'
import { readStoredConfig } from '../stored-config.ts'
import { externalToDump, keepStreams } from './external.ts'
import { mountsToDump } from './external-mounts.ts'
import { optionField, pageServer } from './request.ts'
import { runCriu } from './run-criu.ts'
import type { WireField } from './wire-format.ts'

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
  /** Further options of CRIU. */
  readonly options: readonly WireField[]
  readonly warn: (message: string) => void
}

/**
 * `checkpoint`: write a container to a folder. Unless it is to go on, it is deleted then, as with other runtimes.
 *
 * @throws {OperationError} `UNSUPPORTED` without CRIU; `SYSCALL_FAILED` where it fails: the container goes on then
 */
export async function checkpointContainer(wish: CheckpointWish): Promise<void> {
  const { root, id, warn, imagePath } = wish
  const container = readContainer(root, id)
  requireStatus(container, 'checkpoint', 'running', 'paused')
  const { folder, pid, record } = container
  const config = readStoredConfig(folder)
  const workPath = resolve(wish.workPath ?? imagePath)
  const options = [...optionsOf(wish, pid, config), ...wish.options]
  makeFolders(imagePath, workPath, config)
  if (!wish.isPreDump) keepStreams(imagePath, pid)
  // CRIU stops the processes by itself, and cannot where they are stopped already.
  const isPaused = container.status === 'paused' && record.cgroup !== undefined
  if (isPaused && record.cgroup) thaw(record.cgroup)
  const verb = wish.isPreDump ? 'pre-dump' : 'dump'
  const goesOn = wish.isPreDump || wish.leaveRunning
  try {
    await runCriu({ program: wish.criu, verb, imagePath, workPath, env: wish.env, options })
  } catch (error) {
    if (isPaused && record.cgroup) freeze(record.cgroup)
    throw error
  }
  if (!goesOn) return deleteContainer(root, id, { force: true, warn })
  if (isPaused && record.cgroup) freeze(record.cgroup)
}

/**
 * The images are read by the first process of a restored container too: without rights over files of the host, first as
 * its root, then as that of the user namespace.
 */
function makeFolders(imagePath: string, workPath: string, { linux }: Config): void {
  const isNew = mkdirSync(imagePath, { recursive: true, mode: 0o700 }) !== undefined
  mkdirSync(workPath, { recursive: true, mode: 0o700 })
  const root = linux?.uidMappings?.find(({ containerID }) => containerID === 0)
  if (!isNew || root === undefined) return
  chownSync(imagePath, root.hostID, process.getegid?.() ?? 0)
  chmodSync(imagePath, 0o710)
}

function optionsOf(wish: CheckpointWish, pid: number, config: Config): WireField[] {
  const { parentPath, isPreDump, leaveRunning, statusDescriptor } = wish
  const options: WireField[] = [
    [optionField.pid, pid],
    [optionField.root, `/proc/${pid}/root`],
    [optionField.evasiveDevices, true],
    [optionField.orphanTerminals, true],
    ...mountsToDump(config, pid),
    ...externalToDump(config, pid),
  ]
  if (isPreDump || parentPath !== undefined) options.push([optionField.trackMemory, true])
  if (parentPath !== undefined) options.push([optionField.parentImages, parentPath])
  if (leaveRunning && !isPreDump) options.push([optionField.leaveRunning, true])
  if (wish.pageServer !== undefined) options.push(pageServerOf(wish.pageServer))
  if (statusDescriptor !== undefined) options.push([optionField.statusDescriptor, statusDescriptor])
  return options
}

function pageServerOf(text: string): WireField {
  const [, address = '', port] = /^(.+):(\d{1,5})$/.exec(text) ?? []
  if (port !== undefined) return pageServer(address, Number(port))
  throw new OperationError(
    'INVALID_ARGUMENT',
    `use the page server ${JSON.stringify(text)}`,
    {},
    { hint: 'Write ADDRESS:PORT' },
  )
}
