import { existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { OperationError } from '../../../native/error.ts'
import { joinSessionKeyring } from '../../../native/keyring.ts'
import { readStartTicks } from '../../container/process-identity.ts'
import type { ConsoleReceiver } from '../../program/compile-input.ts'
import type { Caller } from '../caller.ts'
import {
  type CompiledContainer,
  type ContainerWish,
  compileContainer,
} from '../compile-container.ts'
import { shareStreams } from '../caller-streams.ts'
import { deleteContainer } from '../delete-container.ts'
import { enterRdt } from '../intel-rdt.ts'
import { keepContainer } from '../make-container.ts'
import { readContainer } from '../oci-record.ts'
import { writePidFile } from '../pid-file.ts'
import type { StateFolder } from '../state-folder.ts'
import { runHostHooks } from '../run-hooks.ts'
import { mountsToRestore, requireReadOnly } from './external-mounts.ts'
import { handOver } from './external.ts'
import { makePlaces } from './make-places.ts'
import { optionField } from './request.ts'
import { joinGroups, makeGroups } from './restore-groups.ts'
import { mountRoot, unmountRoot } from './restore-root.ts'
import { type CriuStage, firstHanded, runCriu } from './run-criu.ts'
import { sendProcess, sendTerminal } from './send-terminal.ts'
import type { WireField } from './wire-format.ts'

export interface RestoreWish extends ContainerWish {
  readonly criu: string
  readonly imagePath: string
  readonly workPath: string | undefined
  /** Further options of CRIU. */
  readonly options: readonly WireField[]
}

export interface RestoredContainer {
  readonly pid: number
  readonly hasTerminal: boolean
}

/**
 * `restore`: a container from a checkpoint, in a bundle like the one it had. It runs from there on. Its groups, its limits
 * and what it has of the host are those of its configuration, not of the checkpoint.
 *
 * @throws {OperationError} `UNSUPPORTED` without CRIU; `SYSCALL_FAILED`, with nothing left behind
 */
export async function restoreContainer(
  caller: Caller,
  wish: RestoreWish,
): Promise<RestoredContainer> {
  requireImages(wish.imagePath)
  const zygote = await caller.openZygote()
  const compiled = await compileWithUnit(caller, wish, zygote.callerDescriptors)
  for (const warning of compiled.cgroup?.warnings ?? []) wish.warn(warning)
  keepContainer(compiled)
  try {
    await makeGroups(compiled, zygote)
    const pid = await restoreIn(compiled, wish)
    finish(compiled, wish, pid)
    return { pid, hasTerminal: compiled.config.process?.terminal === true }
  } catch (error) {
    unmountRoot(compiled.folder)
    await deleteContainer(wish.root, wish.id, { force: true, warn: wish.warn, withoutHooks: true })
    throw error
  }
}

/** CRIU calls the image that it misses empty. */
function requireImages(path: string): void {
  if (existsSync(join(path, 'inventory.img'))) return
  throw new OperationError(
    'NOT_FOUND',
    'restore a container: there is no checkpoint in this folder',
    { path },
    { hint: 'Give the folder that "checkpoint" has written (--image-path)' },
  )
}

/** Where systemd manages the groups, its unit begins with this process, which leaves it to CRIU. */
async function compileWithUnit(
  caller: Caller,
  wish: RestoreWish,
  open: number,
): Promise<CompiledContainer> {
  if (wish.cgroupManager !== 'systemd') return compileContainer(caller, wish, open)
  const { withUnit } = await import('../systemd/with-unit.ts')
  return withUnit(wish, process.pid, (whole) => compileContainer(caller, whole, open))
}

async function restoreIn(compiled: CompiledContainer, wish: RestoreWish): Promise<number> {
  const { folder, bundle, config, cgroup } = compiled
  const workPath = resolve(wish.workPath ?? wish.imagePath)
  mkdirSync(workPath, { recursive: true, mode: 0o700 })
  shareStreams(config)
  // Images say nothing of keyrings: what is restored would have that of whoever restores it. Some kernels know none.
  if (!wish.noNewKeyring) joinSessionKeyring(`_ses.${wish.id}`)
  const handed = handOver(config, wish.imagePath, firstHanded)
  makePlaces(bundle.rootfs, bundle.path, config)
  const root = mountRoot(folder, bundle.rootfs)
  try {
    return await runCriu({
      program: wish.criu,
      verb: 'restore',
      imagePath: wish.imagePath,
      workPath,
      env: wish.env,
      options: [
        [optionField.root, root],
        // A child of this process: CRIU would reap one that ends soon, and its exit code would be lost.
        [optionField.restoreSibling, true],
        [optionField.evasiveDevices, true],
        [optionField.orphanTerminals, true],
        ...mountsToRestore(config, bundle.path),
        ...handed.options,
        ...wish.options,
      ],
      descriptors: handed.descriptors,
      prepare: (pid) => joinGroups(cgroup, pid),
      notify: (stage) => attend(compiled, wish, stage),
    })
  } finally {
    handed.close()
    unmountRoot(folder)
  }
}

function attend(
  { config, folder }: CompiledContainer,
  wish: RestoreWish,
  { name, pid, descriptor }: CriuStage,
): void {
  if (name === 'orphan-pts-master' && descriptor !== undefined) {
    const receiver: ConsoleReceiver | undefined = wish.consoleOf(true)
    if (receiver) sendTerminal(receiver, descriptor)
  }
  if (name === 'post-restore' && pid !== undefined) {
    requireReadOnly(config, pid)
    keepProcess(folder, pid)
  }
  if (name !== 'setup-namespaces' || pid === undefined) return
  const { prestart = [], createRuntime = [] } = config.hooks ?? {}
  const { record } = readContainer(wish.root, wish.id)
  const failure = runHostHooks([...prestart, ...createRuntime], record, 'creating', pid)
  if (failure) throw failure
}

/** While nothing of it runs: it may end at once. */
function keepProcess({ process: path }: StateFolder, pid: number): void {
  const ticks = readStartTicks(pid)
  if (ticks === undefined)
    throw new OperationError('START_FAILED', 'find the restored process', { pid })
  writeFileSync(path, `{"pid":${pid},"startTicks":${ticks}}\n`, { mode: 0o600 })
}

function finish({ rdt, config }: CompiledContainer, wish: RestoreWish, pid: number): void {
  if (rdt) enterRdt(rdt, config.linux?.intelRdt ?? {}, pid)
  if (wish.pidFile !== undefined) writePidFile(wish.pidFile, pid)
  if (wish.pidfdSocket !== undefined) sendProcess(wish.pidfdSocket, pid)
}
