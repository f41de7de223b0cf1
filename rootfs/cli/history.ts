import { readFileSync } from 'node:fs'
import type { Command } from 'commander'
import { readLayerNote } from '../store/layer-note.ts'
import type { Image } from '../store/image.ts'
import { type ImageHistoryEntry, parseImageConfiguration } from '../store/image-config.ts'
import { type StoreFolders, blobPath } from '../store/store-folders.ts'
import { formatTable, formatTemplate, humanAge, shortId } from './format.ts'
import { humanSize } from '../human-size.ts'
import { withStore } from './register.ts'

interface HistoryFlags {
  readonly quiet?: true
  readonly trunc: boolean
  readonly human: boolean
  readonly format?: string
}

/** `myimage history`. */
export function addHistory(program: Command): void {
  const command = program
    .command('history')
    .description('Show how an image was made, newest step first')
    .argument('<image>')
    .option('-q, --quiet', 'ids only')
    .option('--no-trunc', 'whole commands and ids')
    .option('--no-human', 'sizes in bytes')
    .option('--format <template>', 'fields such as {{.CreatedBy}}, or json')
  withStore(command, (context, name: string, flags: HistoryFlags) => {
    const rows = historyRows(context.store.folders, context.store.require(name), flags)
    const { format } = flags
    if (flags.quiet) for (const row of rows) context.print(row['ID'] ?? '')
    else if (format !== undefined)
      for (const row of rows) context.print(formatTemplate(format, row))
    else for (const line of table(rows)) context.print(line)
  })
}

function table(rows: readonly Record<string, string>[]): string[] {
  const fields = ['ID', 'CreatedSince', 'CreatedBy', 'Size', 'Comment']
  return formatTable([
    ['IMAGE', 'CREATED', 'CREATED BY', 'SIZE', 'COMMENT'],
    ...rows.map((row) => fields.map((field) => row[field] ?? '')),
  ])
}

function historyRows(
  folders: StoreFolders,
  image: Image,
  flags: HistoryFlags,
): Record<string, string>[] {
  const { history, diffIds } = parseImageConfiguration(
    readFileSync(blobPath(folders, image.id), 'utf8'),
  )
  const sizes = layerSizes(folders, image)
  const steps: ImageHistoryEntry[] =
    history.length > 0 ? [...history] : diffIds.map(() => unknownStep)
  let layer = 0
  const rows = steps.map((step) => {
    const size = step.emptyLayer ? 0 : (sizes[layer++] ?? 0)
    const command = (step.createdBy ?? '').replaceAll(/\s+/g, ' ')
    return {
      ID: '<missing>',
      CreatedSince: step.created === undefined ? 'N/A' : humanAge(Date.parse(step.created) || 0),
      CreatedAt: step.created ?? '',
      CreatedBy: flags.trunc && command.length > 45 ? `${command.slice(0, 44)}…` : command,
      Size: flags.human ? humanSize(size) : String(size),
      Comment: step.comment ?? '',
    }
  })
  const last = rows.at(-1)
  if (last) last.ID = flags.trunc ? shortId(image.id) : image.id
  return rows.toReversed()
}

const unknownStep: ImageHistoryEntry = {
  created: undefined,
  createdBy: undefined,
  comment: undefined,
  emptyLayer: false,
}

/** Bytes of each layer, lowest first; the folder above "fs" is named after the chain id. */
function layerSizes(folders: StoreFolders, image: Image): number[] {
  return image.layerFolders.map((folder) => {
    const hex = folder.split('/').at(-2) ?? ''
    return readLayerNote(folders, `sha256:${hex}`)?.size ?? 0
  })
}
