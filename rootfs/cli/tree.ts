import type { Command } from 'commander'
import type { Image } from '../store/image.ts'
import type { ImageStore } from '../store/image-store.ts'
import { readLayerNote } from '../store/layer-note.ts'
import type { StoreFolders } from '../store/store-folders.ts'
import { displayReference, shortId } from './format.ts'
import { humanSize } from '../human-size.ts'
import { withStore } from './register.ts'

/** `myimage tree`. */
export function addTree(program: Command): void {
  const command = program
    .command('tree')
    .description('Show the layers of images, and which are shared')
    .argument('[image...]', 'all images when absent')
    .option('--no-trunc', 'whole ids')
    .option('--whatrequires', 'also the images that build on these')
  withStore(command, ({ store, print }, names: string[], flags: TreeFlags) => {
    const all = store.list()
    const chosen = names.length === 0 ? all : names.map((name) => store.require(name))
    for (const image of flags.whatrequires ? withDependents(chosen, all) : chosen)
      for (const line of imageLines(store, image, all, flags)) print(line)
  })
}

interface TreeFlags {
  readonly trunc: boolean
  readonly whatrequires?: true
}

function withDependents(chosen: readonly Image[], all: readonly Image[]): Image[] {
  const tops = new Set(chosen.map((image) => image.layerFolders.at(-1)))
  const dependents = all.filter((image) => image.layerFolders.some((folder) => tops.has(folder)))
  return [...new Map([...chosen, ...dependents].map((image) => [image.id, image])).values()]
}

function imageLines(
  { folders }: ImageStore,
  image: Image,
  all: readonly Image[],
  { trunc }: TreeFlags,
): string[] {
  const digits = (id: string): string => (trunc ? shortId(id) : id)
  const head = [
    `Image ID: ${digits(image.id)}`,
    `Tags:     [${image.references.map(tagText).join(' ')}]`,
    `Size:     ${humanSize(image.size)}`,
  ]
  if (image.layerFolders.length === 0) return [...head, 'No Image Layers']
  const layers = image.layerFolders.map((folder, at) => {
    const branch = at === image.layerFolders.length - 1 ? '└──' : '├──'
    const chainId = `sha256:${folder.split('/').at(-2) ?? ''}`
    const size = `Size: ${humanSize(sizeOf(folders, chainId))}`
    return [`${branch} ID: ${digits(chainId)}`, size, ...relations(folder, image, all)].join(' ')
  })
  return [...head, 'Image Layers', ...layers]
}

function sizeOf(folders: StoreFolders, chainId: string): number {
  return readLayerNote(folders, chainId)?.size ?? 0
}

/** Which images end with this layer, and how many others have it. */
function relations(folder: string, image: Image, all: readonly Image[]): string[] {
  const owners = all.filter((other) => other.layerFolders.includes(folder))
  const tops = owners
    .filter((other) => other.layerFolders.at(-1) === folder)
    .map((other) => other.references.map(tagText).join(' ') || shortId(other.id))
  const others = owners.filter((other) => other.id !== image.id).length
  return [
    ...(tops.length === 0 ? [] : [`Top Layer of: [${tops.join(' ')}]`]),
    ...(others === 0 ? [] : [`Shared with: ${others} other image${others === 1 ? '' : 's'}`]),
  ]
}

function tagText(reference: string): string {
  const { repository, tag } = displayReference(reference)
  return `${repository}:${tag}`
}
