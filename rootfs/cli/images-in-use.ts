import { readFileSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import type { StateFolders } from './context.ts'

/** Ids of images that containers were made from, read from the containers' durable records. */
export function imagesInUse({ dataDir }: StateFolders): Set<string> {
  const folder = join(dataDir, 'containers')
  const ids = new Set<string>()
  let names: string[]
  try {
    names = readdirSync(folder)
  } catch {
    return ids
  }
  for (const name of names)
    for (const id of recordText(join(folder, name)).matchAll(/sha256:[0-9a-f]{64}/g)) ids.add(id[0])
  return ids
}

/** Any mention of an image id counts: keeping one image too many is the safe side. */
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
