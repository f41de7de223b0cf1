import { type Command, Option } from 'commander'
import { listDocuments } from '../store/documents.ts'
import type { Image } from '../store/image.ts'
import { referenceDigests } from '../store/reference-digests.ts'
import {
  displayReference,
  formatTable,
  formatTemplate,
  humanAge,
  shortId,
  tableTemplate,
} from './format.ts'
import { humanSize } from '../human-size.ts'
import { createdAt, imageFilter } from './image-filter.ts'
import { collect, withStore } from './register.ts'

interface LsFlags {
  readonly all?: true
  readonly quiet?: true
  readonly trunc: boolean
  readonly digests?: true
  readonly noheading?: true
  readonly filter?: string[]
  readonly sort: SortKey
  readonly format?: string
}

const sortKeys = ['created', 'id', 'repository', 'size', 'tag'] as const
type SortKey = (typeof sortKeys)[number]

/** `myimage ls`. */
export function addLs(program: Command): void {
  const command = program
    .command('ls')
    .aliases(['images', 'list'])
    .description('List images')
    .argument('[name]', 'only those of this repository or reference')
    .option('-a, --all', 'also indexes and artifacts that are kept whole')
    .option('-q, --quiet', 'ids only')
    .option('--no-trunc', 'whole ids')
    .option('--digests', 'digests too')
    .option('-n, --noheading', 'no column headings')
    .option('-f, --filter <filter>', 'e.g. dangling=true, reference=app*, label=a=b', collect)
    .addOption(new Option('--sort <key>', 'what to sort by').choices(sortKeys).default('created'))
    .option('--format <template>', 'fields such as {{.Repository}}, "table …", or json')
  withStore(command, ({ store, print }, name: string | undefined, flags: LsFlags) => {
    const passes = imageFilter(store, flags.filter ?? [])
    const digests = referenceDigests(store)
    const rows = store
      .list()
      .filter(passes)
      .flatMap((image) => imageRows(image, digests, flags))
    if (flags.all && flags.filter === undefined)
      rows.push(...listDocuments(store).map((document) => documentRow(document, flags)))
    const wanted = rows.filter(({ row }) => name === undefined || matches(row, name))
    for (const line of lines(sorted(wanted, flags.sort), flags)) print(line)
  })
}

type Row = Readonly<
  Record<
    'Repository' | 'Tag' | 'Digest' | 'ID' | 'CreatedSince' | 'CreatedAt' | 'Size' | 'MediaType',
    string
  >
>

interface Sortable {
  readonly row: Row
  readonly created: number
  readonly size: number
}

function imageRows(
  image: Image,
  digests: ReadonlyMap<string, string>,
  { trunc }: LsFlags,
): Sortable[] {
  const created = createdAt(image)
  const common = {
    ID: trunc ? shortId(image.id) : image.id,
    CreatedSince: humanAge(created),
    CreatedAt: new Date(created).toISOString(),
    Size: humanSize(image.size),
    MediaType: 'image',
  }
  const names = image.references.map((reference) => ({
    ...displayReference(reference),
    digest: digests.get(reference) ?? image.digest,
  }))
  if (names.length === 0) names.push({ repository: '<none>', tag: '<none>', digest: image.digest })
  return names.map(({ repository, tag, digest }) => ({
    row: { Repository: repository, Tag: tag, Digest: digest, ...common },
    created,
    size: image.size,
  }))
}

function documentRow(
  { name, digest, mediaType, added }: ReturnType<typeof listDocuments>[number],
  { trunc }: LsFlags,
): Sortable {
  const { repository, tag } = displayReference(name)
  return {
    row: {
      Repository: repository,
      Tag: tag,
      Digest: digest,
      ID: trunc ? shortId(digest) : digest,
      CreatedSince: humanAge(added),
      CreatedAt: new Date(added).toISOString(),
      Size: mediaType.includes('index') || mediaType.includes('list') ? 'index' : 'artifact',
      MediaType: mediaType,
    },
    created: added,
    size: 0,
  }
}

function sorted(rows: readonly Sortable[], key: SortKey): Row[] {
  const compare: Readonly<Record<SortKey, (a: Sortable, b: Sortable) => number>> = {
    created: (a, b) => b.created - a.created,
    size: (a, b) => a.size - b.size,
    id: (a, b) => compareText(a.row.ID, b.row.ID),
    repository: (a, b) => compareText(a.row.Repository, b.row.Repository),
    tag: (a, b) => compareText(a.row.Tag, b.row.Tag),
  }
  return rows.toSorted(compare[key]).map(({ row }) => row)
}

function compareText(left: string, right: string): number {
  if (left === right) return 0
  return left < right ? -1 : 1
}

function matches(row: Row, name: string): boolean {
  const full = `${row.Repository}:${row.Tag}`
  return [
    row.Repository,
    full,
    row.Repository.replace(/^localhost\//, ''),
    full.replace(/^localhost\//, ''),
  ].includes(name)
}

function lines(rows: readonly Row[], flags: LsFlags): string[] {
  if (flags.quiet) return [...new Set(rows.map((row) => row.ID))]
  const { format } = flags
  if (format?.startsWith('table ')) return tableTemplate(format, rows, flags.noheading !== true)
  if (format !== undefined && format !== 'table')
    return rows.map((row) => formatTemplate(format, row))
  const digest = (text: string): string[] => (flags.digests ? [text] : [])
  const heading = ['REPOSITORY', 'TAG', ...digest('DIGEST'), 'IMAGE ID', 'CREATED', 'SIZE']
  return formatTable([
    ...(flags.noheading ? [] : [heading]),
    ...rows.map((row) => [
      row.Repository,
      row.Tag,
      ...digest(row.Digest),
      row.ID,
      row.CreatedSince,
      row.Size,
    ]),
  ])
}
