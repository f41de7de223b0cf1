import { mkdirSync, readdirSync, renameSync, rmSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { OperationError } from '../../native/error.ts'
import { randomBytes } from '../../native/random.ts'
import { readJsonIfPresent, writeFileDurably } from '../container/durable-file.ts'
import { timestamp } from '../container/identifier.ts'
import { parseName } from '../container/parse/name.ts'
import { isProcessAlive, readStartTicks } from '../container/process-identity.ts'
import { isSystemError } from '../../native/system-error.ts'
import { unmountVolume } from './mount-volume.ts'
import { planVolume } from './volume-plan.ts'

// A volume is a folder that outlives containers: volumes/<name>/_data, with volume.json beside it. With options it is
// something else that is mounted there, or a folder of the host: see volume-plan.ts.

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

/** Puts the first content into the empty folder of a volume. */
export type FillFolder = (folder: string) => Promise<void>

/**
 * The volume of this name, made when missing.
 *
 * @param fill gives a new volume its content; half of it is never seen, however we end
 * @returns it, and whether this call made it
 * @throws {OperationError} `INVALID_ARGUMENT` for a bad name or options, `UNSUPPORTED` where the host lacks what they need
 */
export async function ensureVolume(
  dataDir: string,
  wantedName: string,
  wish: VolumeWish = {},
  fill?: FillFolder,
): Promise<{ readonly volume: Volume; readonly isNew: boolean }> {
  const name = parseName('volume', wantedName)
  const existing = findVolume(dataDir, name)
  if (existing) return { volume: existing, isNew: false }
  const { options = {}, anonymous = false } = wish
  const plan = planVolume(options)
  removeAbandoned(volumesFolder(dataDir))
  const folder = join(volumesFolder(dataDir), name)
  const volume: Volume = {
    name,
    driver: 'local',
    mountpoint: join(folder, '_data'),
    created: timestamp(),
    anonymous,
    labels: wish.labels ?? {},
    options,
  }
  // Made aside and renamed: half a volume is never seen, and one of several makers wins.
  const aside = join(volumesFolder(dataDir), asideName('creating', name))
  try {
    mkdirSync(join(aside, '_data'), { recursive: true, mode: 0o755 })
    if (plan === undefined || plan.kind === 'disk') await fill?.(join(aside, '_data'))
    if (plan?.kind === 'disk') await makeDiskIn(aside, plan.bytes)
    writeFileDurably(join(aside, 'volume.json'), `${JSON.stringify(volume)}\n`)
    renameSync(aside, folder)
  } catch (error) {
    rmSync(aside, { recursive: true, force: true })
    const winner = findVolume(dataDir, name)
    if (winner) return { volume: winner, isNew: false }
    throw error
  }
  return { volume, isNew: true }
}

async function makeDiskIn(folder: string, bytes: number): Promise<void> {
  const { makeDisk } = await import('./disk-volume.ts')
  makeDisk(folder, bytes)
}

/**
 * Give an existing volume its first content. Only for one that no container has: the folder is
 * replaced by a filled one. Does nothing where it is not empty.
 */
export async function fillEmptyVolume(
  { mountpoint, options }: Volume,
  fill: FillFolder,
): Promise<void> {
  if (readdirSync(mountpoint).length > 0) return
  const parent = dirname(mountpoint)
  const plan = planVolume(options)
  if (plan?.kind === 'disk') {
    const { isPristine } = await import('./disk-volume.ts')
    if (!isPristine(parent)) return
    await fill(mountpoint)
    return makeDiskIn(parent, plan.bytes)
  }
  if (plan) return
  removeAbandoned(parent)
  const aside = join(parent, asideName('filling', '_data'))
  try {
    mkdirSync(aside, { mode: 0o755 })
    await fill(aside)
    renameSync(aside, mountpoint)
  } catch (error) {
    rmSync(aside, { recursive: true, force: true })
    // Somebody else was faster, and the folder is no longer empty.
    if (!isSystemError(error, 'ENOTEMPTY') && !isSystemError(error, 'EEXIST')) throw error
  }
}

/** A name that says who is at work, so that the next one can tell what was abandoned. */
function asideName(verb: 'creating' | 'removing' | 'filling', name: string): string {
  const maker = `${process.pid}-${readStartTicks(process.pid) ?? 0}`
  return `.${verb}-${maker}-${randomBytes(4).toString('hex')}-${name}`
}

/** Remove what makers and removers left that were killed. */
function removeAbandoned(folder: string): void {
  for (const name of namesIn(folder)) {
    const match = /^\.(?:creating|removing|filling)-(\d+)-(\d+)-/.exec(name)
    if (match && !isProcessAlive(Number(match[1]), Number(match[2])))
      rmSync(join(folder, name), { recursive: true, force: true })
  }
}

/** @param name as a user gave it: a path out of the folder of volumes is the name of none */
export function findVolume(dataDir: string, name: string): Volume | undefined {
  if (!/^[a-zA-Z0-9][\w.-]{0,254}$/.test(name)) return undefined
  const path = join(volumesFolder(dataDir), name, 'volume.json')
  return readJsonIfPresent(path) as Volume | undefined
}

/** All volumes, by name. */
export function listVolumes(dataDir: string): Volume[] {
  return namesIn(volumesFolder(dataDir))
    .filter((name) => !name.startsWith('.'))
    .toSorted()
    .flatMap((name) => findVolume(dataDir, name) ?? [])
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder)
  } catch (error) {
    if (isSystemError(error, 'ENOENT')) return []
    throw error
  }
}

/**
 * Remove a volume and what is in it.
 *
 * @param usedBy names of the containers that use it; empty: it is free
 * @throws {OperationError} `NOT_FOUND`, or `BAD_STATE` where it is in use
 */
export function removeVolume(dataDir: string, name: string, usedBy: readonly string[]): void {
  const volume = findVolume(dataDir, name)
  if (!volume) throw new OperationError('NOT_FOUND', `no such volume: ${name}`, {}, { exitCode: 1 })
  if (usedBy.length > 0)
    throw new OperationError(
      'BAD_STATE',
      `remove the volume ${name}`,
      { usedBy: usedBy.join(',') },
      { hint: 'Remove those containers first', exitCode: 1 },
    )
  if (Object.keys(volume.options).length > 0) requireUnmounted(volume)
  const folder = join(volumesFolder(dataDir), name)
  const grave = join(volumesFolder(dataDir), asideName('removing', name))
  renameSync(folder, grave)
  rmSync(grave, { recursive: true, force: true })
}

function requireUnmounted(volume: Volume): void {
  if (unmountVolume(volume)) return
  throw new OperationError(
    'BAD_STATE',
    `unmount the volume ${volume.name}`,
    { mountpoint: volume.mountpoint },
    { hint: 'Something still uses it: see fuser -m', exitCode: 1 },
  )
}
