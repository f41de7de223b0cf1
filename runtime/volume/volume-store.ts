import { mkdirSync, readdirSync, renameSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { OperationError } from '../../native/error.ts'
import { readJsonIfPresent, writeFileDurably } from '../container/durable-file.ts'
import { timestamp } from '../container/identifier.ts'
import { parseName } from '../container/parse/name.ts'
import { isSystemError } from '../container/system-error.ts'

// A volume is a folder that outlives containers: volumes/<name>/_data, with volume.json beside it.

export interface Volume {
  readonly name: string
  readonly driver: 'local'
  /** The folder that containers see. */
  readonly mountpoint: string
  /** RFC 3339 with nanoseconds. */
  readonly created: string
  /** Made for one container alone; removed with it. */
  readonly anonymous: boolean
  readonly labels: Readonly<Record<string, string>>
  readonly options: Readonly<Record<string, string>>
}

export interface VolumeWish {
  readonly anonymous?: boolean
  readonly labels?: Readonly<Record<string, string>>
  readonly options?: Readonly<Record<string, string>>
}

/** Where the volumes of this data folder lie, one folder each. */
export function volumesFolder(dataDir: string): string {
  return join(dataDir, 'volumes')
}

/**
 * The volume of this name, made when missing.
 *
 * @returns it, and whether this call made it (it is empty then)
 * @throws {OperationError} `INVALID_ARGUMENT` for a bad name, `UNSUPPORTED` for driver options
 */
export function ensureVolume(
  dataDir: string,
  wantedName: string,
  wish: VolumeWish = {},
): { readonly volume: Volume; readonly isNew: boolean } {
  const name = parseName('volume', wantedName)
  const existing = findVolume(dataDir, name)
  if (existing) return { volume: existing, isNew: false }
  if (Object.keys(wish.options ?? {}).length > 0)
    throw new OperationError('UNSUPPORTED', `create the volume ${name} with driver options`, {
      options: Object.keys(wish.options ?? {}).join(','),
    })
  const folder = join(volumesFolder(dataDir), name)
  const volume: Volume = {
    name,
    driver: 'local',
    mountpoint: join(folder, '_data'),
    created: timestamp(),
    anonymous: wish.anonymous ?? false,
    labels: wish.labels ?? {},
    options: {},
  }
  // Made aside and renamed: half a volume is never seen, and one of several makers wins.
  const aside = join(volumesFolder(dataDir), `.creating-${process.pid}-${name}`)
  mkdirSync(join(aside, '_data'), { recursive: true, mode: 0o755 })
  writeFileDurably(join(aside, 'volume.json'), `${JSON.stringify(volume)}\n`)
  try {
    renameSync(aside, folder)
  } catch (error) {
    rmSync(aside, { recursive: true, force: true })
    const winner = findVolume(dataDir, name)
    if (winner) return { volume: winner, isNew: false }
    throw error
  }
  return { volume, isNew: true }
}

export function findVolume(dataDir: string, name: string): Volume | undefined {
  const path = join(volumesFolder(dataDir), name, 'volume.json')
  return readJsonIfPresent(path) as Volume | undefined
}

/** All volumes, by name. */
export function listVolumes(dataDir: string): Volume[] {
  let names: string[]
  try {
    names = readdirSync(volumesFolder(dataDir))
  } catch (error) {
    if (isSystemError(error, 'ENOENT')) return []
    throw error
  }
  return names
    .filter((name) => !name.startsWith('.'))
    .toSorted()
    .flatMap((name) => findVolume(dataDir, name) ?? [])
}

/**
 * Remove a volume and what is in it.
 *
 * @param usedBy names of the containers that use it; empty: it is free
 * @throws {OperationError} `NOT_FOUND`, or `BAD_STATE` where it is in use
 */
export function removeVolume(dataDir: string, name: string, usedBy: readonly string[]): void {
  if (!findVolume(dataDir, name))
    throw new OperationError('NOT_FOUND', `no such volume: ${name}`, {}, { exitCode: 1 })
  if (usedBy.length > 0)
    throw new OperationError(
      'BAD_STATE',
      `remove the volume ${name}`,
      { usedBy: usedBy.join(',') },
      { hint: 'Remove those containers first', exitCode: 1 },
    )
  const folder = join(volumesFolder(dataDir), name)
  const grave = join(volumesFolder(dataDir), `.removing-${process.pid}-${name}`)
  renameSync(folder, grave)
  rmSync(grave, { recursive: true, force: true })
}
