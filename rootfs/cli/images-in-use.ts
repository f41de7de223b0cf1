import { existsSync, readFileSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import type { StateFolders } from './context.ts'

/** Ids of images that containers were made from, read from the containers' durable records. */
export function imagesInUse(folders: StateFolders): Set<string> {
  return mentionedImages(containerFolders(folders))
}

/** Ids of images that containers run from at this moment: their layers are mounted. */
export function imagesOfRunning(folders: StateFolders): Set<string> {
  const isRunning = (folder: string): boolean =>
    existsSync(join(folder, 'state/process')) && !existsSync(join(folder, 'state/exit'))
  return mentionedImages(containerFolders(folders).filter(isRunning))
}

function containerFolders({ dataDir }: StateFolders): string[] {
  const folder = join(dataDir, 'containers')
  try {
    return readdirSync(folder).map((name) => join(folder, name))
  } catch {
    return []
  }
}

/** Any mention of an image id counts: keeping one image too many is the safe side. */
function mentionedImages(folders: readonly string[]): Set<string> {
  const ids = new Set<string>()
  for (const folder of folders)
    for (const id of recordText(folder).matchAll(/sha256:[0-9a-f]{64}/g)) ids.add(id[0])
  return ids
}

function recordText(folder: string): string {
  try {
    return readdirSync(folder)
      .filter((name) => name.endsWith('.json'))
      .map((name) => readFileSync(join(folder, name), 'utf8'))
      .join('\n')
  } catch {
    return ''
  }
}
