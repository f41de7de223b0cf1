import {
  chmodSync,
  chownSync,
  closeSync,
  fstatSync,
  openSync,
  readdirSync,
  statSync,
} from 'node:fs'
import type { Stats } from 'node:fs'
import { setImmediate as turn } from 'node:timers/promises'
import { openFlags } from '../../../native/file.ts'
import { isSystemError } from '../../../native/system-error.ts'

const fileBits = 0o660
const folderBits = 0o2770
/** Entries after which others have their turn. */
const atOnce = 500

/**
 * Give everything in a volume to a group that may then read and write it: `fsGroup` of a pod.
 *
 * Other pods may write into the volume meanwhile and put links where folders were, so each entry is opened in its folder
 * without following links, and what was opened is changed, by its descriptor.
 */
export async function ownByGroup(
  path: string,
  group: number,
  { onlyOnMismatch = false }: { readonly onlyOnMismatch?: boolean } = {},
): Promise<void> {
  const stat = statSync(path)
  const bits = stat.isDirectory() ? folderBits : fileBits
  if (onlyOnMismatch && stat.gid === group && (stat.mode & bits) === bits) return
  // What the node's administrator linked may be followed: the volume itself is not the container's.
  await ownOpened(openSync(path, openFlags.path), group, { left: atOnce })
}

interface Pace {
  left: number
}

/** Takes the descriptor. */
async function ownOpened(file: number, group: number, pace: Pace): Promise<void> {
  try {
    if (--pace.left <= 0) {
      await turn()
      pace.left = atOnce
    }
    const stat = fstatSync(file)
    if (stat.isSymbolicLink()) return
    const here = `/proc/self/fd/${file}`
    change(here, stat, group)
    if (!stat.isDirectory()) return
    for (const name of readdirSync(here, { encoding: 'buffer' })) {
      const entry = openEntry(here, name)
      if (entry !== undefined) await ownOpened(entry, group, pace)
    }
  } finally {
    closeSync(file)
  }
}

function change(path: string, stat: Stats, group: number): void {
  const bits = stat.isDirectory() ? folderBits : fileBits
  if (stat.gid !== group) chownSync(path, stat.uid, group)
  // chown(2) takes bits away, so they are set afterwards.
  if (stat.gid !== group || (stat.mode & bits) !== bits)
    chmodSync(path, (stat.mode & 0o7777) | bits)
}

/** @returns undefined where it has gone meanwhile */
function openEntry(folder: string, name: Buffer): number | undefined {
  const path = Buffer.concat([Buffer.from(`${folder}/`), name])
  try {
    return openSync(path, openFlags.path | openFlags.noFollow)
  } catch (error) {
    if (isSystemError(error, 'ENOENT')) return undefined
    throw error
  }
}
