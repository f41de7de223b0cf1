import { OperationError } from '../../native/error.ts'
import { imagesInUse, imagesOfRunning } from '../../rootfs/cli/images-in-use.ts'
import type { Image } from '../../rootfs/store/image.ts'
import { pruneImages, removeImage } from '../../rootfs/store/remove-image.ts'
import { type Answer, type ApiCall, type Route, ok } from './api-call.ts'
import { noSuch, orNoSuch } from './api-error.ts'
import { familiarName } from './familiar-name.ts'
import {
  anyOf,
  isTrue,
  labelsMatch,
  readFilters,
  requireFilters,
  timeOf,
  valuesOf,
} from './filters.ts'
import { imageDocument, imageHistory, imageSummary } from './image-documents.ts'

export const imageRoutes: readonly Route[] = [
  ['GET', '/images/json', list],
  ['GET', '/images/search', () => ok([])],
  ['POST', '/images/prune', prune],
  ['GET', '/images/**/json', inspect],
  ['GET', '/images/**/history', history],
  ['POST', '/images/**/tag', tag],
  ['DELETE', '/images/**', remove],
  ['GET', '/distribution/**/json', distribution],
]

async function imageOf({ context, parameters: [name = ''] }: ApiCall): Promise<Image> {
  const store = await context.images()
  return orNoSuch('image', name, () => store.require(name))
}

const imageFilters = ['dangling', 'label', 'label!', 'before', 'since', 'reference', 'until']

async function list({ context, query }: ApiCall): Promise<Answer> {
  const filters = requireFilters(readFilters(query), imageFilters)
  const store = await context.images()
  const named = [...valuesOf(filters, 'reference'), ...[query.get('filter') ?? ''].filter(Boolean)]
  const images = store
    .list()
    .filter((image) => labelsMatch(filters, image.config.labels))
    .filter((image) =>
      anyOf(filters, 'dangling', (value) => isTrue(value) === (image.references.length === 0)),
    )
    .filter((image) => named.length === 0 || named.some((name) => matchesName(image, name)))
    .filter((image) => compares(store, filters, image))
  return ok(images.map(imageSummary))
}

function compares(
  store: { find(name: string): Image | undefined },
  filters: ReturnType<typeof readFilters>,
  image: Image,
): boolean {
  const madeAt = ({ config, added }: Image): number => Date.parse(config.created ?? '') || added
  const other = (name: string): number => {
    const found = store.find(name)
    if (!found) throw noSuch('image', name)
    return madeAt(found)
  }
  return (
    anyOf(filters, 'before', (name) => madeAt(image) < other(name)) &&
    anyOf(filters, 'since', (name) => madeAt(image) > other(name)) &&
    anyOf(filters, 'until', (value) => madeAt(image) < (timeOf(value) ?? Number.POSITIVE_INFINITY))
  )
}

/** `reference` is a pattern in which a star is anything but a slash. */
function matchesName({ references }: Image, pattern: string): boolean {
  const source = pattern
    .replaceAll(/[.+^${}()|[\]\\]/g, String.raw`\$&`)
    .replaceAll('*', '[^/]*')
    .replaceAll('?', '[^/]')
  const test = new RegExp(`^${source}(?::[^/:]+)?$`)
  return references.some((name) => test.test(name) || test.test(familiarName(name)))
}

async function inspect(call: ApiCall): Promise<Answer> {
  const image = await imageOf(call)
  return ok(imageDocument((await call.context.images()).folders, image))
}

async function history(call: ApiCall): Promise<Answer> {
  const image = await imageOf(call)
  return ok(imageHistory((await call.context.images()).folders, image))
}

async function tag(call: ApiCall): Promise<Answer> {
  const { context, query } = call
  await imageOf(call)
  const repository = query.get('repo') ?? ''
  const target = `${repository}:${query.get('tag') || 'latest'}`
  const store = await context.images()
  store.tag(call.parameters[0] ?? '', target)
  return { status: 201 }
}

async function remove(call: ApiCall): Promise<Answer> {
  const {
    context,
    query,
    parameters: [name = ''],
  } = call
  await imageOf(call)
  const { folders } = context
  const store = await context.images()
  const { untagged, deleted } = await removeImage(store, name, {
    force: isTrue(query.get('force')),
    inUse: () => imagesInUse(folders),
    running: () => imagesOfRunning(folders),
  })
  return ok([
    ...untagged.map((reference) => ({ Untagged: familiarName(reference) })),
    ...deleted.map((id) => ({ Deleted: id })),
  ])
}

async function prune({ context, query }: ApiCall): Promise<Answer> {
  const filters = readFilters(query)
  const until = timeOf(valuesOf(filters, 'until')[0])
  const { untagged, deleted, freed } = await pruneImages(await context.images(), {
    inUse: () => imagesInUse(context.folders),
    all: valuesOf(filters, 'dangling').some((value) => !isTrue(value)),
    isWanted: (image) =>
      labelsMatch(filters, image.config.labels) && (until === undefined || image.added < until),
  })
  return ok({
    ImagesDeleted: [
      ...untagged.map((reference) => ({ Untagged: familiarName(reference) })),
      ...deleted.map((id) => ({ Deleted: id })),
    ],
    SpaceReclaimed: freed,
  })
}

/** Clients ask for it to pin digests, and go on without. */
function distribution({ parameters: [name = ''] }: ApiCall): Answer {
  throw new OperationError('UNSUPPORTED', 'ask a registry about an image', { image: name })
}
