import { existsSync, rmSync, rmdirSync } from 'node:fs'
import { dirname } from 'node:path'
import type { CommandIo } from '../cli/command-io.ts'
import type { RunResult } from '../cli/engine.ts'
import { listVolumes, removeVolume } from '../volume/volume-store.ts'
import { containerFolder } from './container-folder.ts'
import { withContainerLock } from './container-lock.ts'
import { createContainer } from './create.ts'
import type { EngineContext } from './engine-context.ts'
import { releaseName } from './name-registry.ts'
import { wantedMounts } from './oci-config/user-mounts.ts'
import type { ContainerOptions } from './options.ts'
import { type PreparedStart, prepareStart } from './prepare-start.ts'
import type { ContainerRecord } from './record.ts'
import { prepareRootless } from './rootless-start.ts'
import { terminalSize } from './run.ts'
import { releaseUserRange } from './user-range.ts'
import { withTerminalDefaults } from './terminal-defaults.ts'

/**
 * `run --dry-run`: all of a run up to the moment before its first system call, so that every error
 * that can be foreseen is reported, and then all of it taken back. What stays is what any command
 * may make at any time: the built-in image and the choice of the default network's subnet.
 *
 * @param show told of what would be run
 * @throws {OperationError} whatever create and the preparation of start throw
 */
export async function dryRun(
  context: EngineContext,
  wanted: ContainerOptions,
  io: CommandIo,
  show: (record: ContainerRecord, prepared: PreparedStart) => void,
): Promise<RunResult> {
  const options = { ...withTerminalDefaults(wanted, io), cidfile: undefined, replace: false }
  const { dataDir } = context.folders
  const volumes = new Set(listVolumes(dataDir).map(({ name }) => name))
  prepareRootless(context, options, (text) => void io.stderr.write(`mycontainer: ${text}\n`))
  const folders = foldersToBeMade(options)
  try {
    const record = await createContainer(context, options, true)
    try {
      await withContainerLock(context.folders, record.id, async () => {
        const wish = { hold: !options.detach, terminal: terminalSize(io), isDryRun: true }
        const prepared = await prepareStart(context, record, wish)
        prepared.undo()
        show(record, prepared)
      })
    } finally {
      releaseName(context.folders, record.name, record.id)
      releaseUserRange(context.folders, record.id)
      rmSync(containerFolder(context.folders, record.id).path, { recursive: true, force: true })
    }
    return { id: record.id }
  } finally {
    for (const { name } of listVolumes(dataDir))
      if (!volumes.has(name)) removeVolume(dataDir, name, [])
    for (const folder of folders) removeIfEmpty(folder)
  }
}

/** Folders of the host that `-v` makes where they are missing, the innermost first. */
function foldersToBeMade(options: ContainerOptions): string[] {
  const missing: string[] = []
  for (const { kind, source, createSource } of wantedMounts(options, [])) {
    if (kind !== 'bind' || !createSource || source === undefined) continue
    for (let folder = source; !existsSync(folder); folder = dirname(folder)) missing.push(folder)
  }
  return missing
}

function removeIfEmpty(folder: string): void {
  try {
    rmdirSync(folder)
  } catch {
    // Never made, or somebody else uses it by now.
  }
}
