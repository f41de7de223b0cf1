import { lstat, opendir } from 'node:fs/promises'
import { join } from 'node:path'
import { isSystemError } from '../../../native/system-error.ts'
import { parseQuantity } from '../../api/quantity.ts'
import type { EmptyDirLimit } from './pod-volumes.ts'

const blockSize = 512

/** Bytes of disk below a folder, as du(1) counts; hard links once. Links are not followed. */
export async function diskUsage(folder: string): Promise<number> {
  const seen = new Set<number>()
  const waiting = [folder]
  let blocks = 0
  for (let at = waiting.pop(); at !== undefined; at = waiting.pop())
    try {
      for await (const entry of await opendir(at)) {
        const path = join(at, entry.name)
        const stat = await lstat(path)
        if (stat.nlink > 1 && !stat.isDirectory() && seen.has(stat.ino)) continue
        if (stat.nlink > 1) seen.add(stat.ino)
        blocks += stat.blocks
        if (entry.isDirectory()) waiting.push(path)
      }
    } catch (error) {
      // Containers go on meanwhile: what was there a moment ago may be gone.
      if (!isSystemError(error, 'ENOENT') && !isSystemError(error, 'ENOTDIR')) throw error
    }
  return blocks * blockSize
}

/** @returns the message of the eviction of a pod with such a volume; undefined where all keep within their limits */
export async function exceededLimit(limits: readonly EmptyDirLimit[]): Promise<string | undefined> {
  for (const { volume, path, limit } of limits) {
    const most = parseQuantity(limit) ?? Number.POSITIVE_INFINITY
    if (most > 0 && (await diskUsage(path)) > most)
      return `Usage of EmptyDir volume "${volume}" exceeds the limit "${limit}". `
  }
  return undefined
}
