import type { Command } from 'commander'
import type { Image } from '../store/image.ts'
import {
  displayReference,
  formatTable,
  formatTemplate,
  humanAge,
  humanSize,
  shortId,
} from './format.ts'
import { withStore } from './register.ts'

interface LsFlags {
  readonly quiet?: true
  readonly trunc: boolean
  readonly digests?: true
  readonly format?: string
}

/** `myimage ls`. */
export function addLs(program: Command): void {
  const command = program
    .command('ls')
    .aliases(['images', 'list'])
    .description('List images')
    .argument('[name]', 'only those of this repository or reference')
    .option('-a, --all', 'all images (they always are)')
    .option('-q, --quiet', 'ids only')
    .option('--no-trunc', 'whole ids')
    .option('--digests', 'digests too')
    .option('--format <template>', 'fields such as {{.Repository}}, or json')
  withStore(command, (context, name: string | undefined, flags: LsFlags) => {
    const rows = context.store.list().flatMap((image) => imageRows(image, flags))
    const wanted = rows.filter((row) => name === undefined || matches(row, name))
    for (const line of lines(wanted, flags)) context.print(line)
  })
}

type Row = Readonly<
  Record<'Repository' | 'Tag' | 'Digest' | 'ID' | 'CreatedSince' | 'CreatedAt' | 'Size', string>
>

function imageRows(image: Image, { trunc }: LsFlags): Row[] {
  const created = Date.parse(image.config.created ?? '') || image.added
  const common = {
    Digest: image.digest,
    ID: trunc ? shortId(image.id) : image.id,
    CreatedSince: humanAge(created),
    CreatedAt: new Date(created).toISOString(),
    Size: humanSize(image.size),
  }
  if (image.references.length === 0) return [{ Repository: '<none>', Tag: '<none>', ...common }]
  return image.references.map((reference) => {
    const { repository, tag } = displayReference(reference)
    return { Repository: repository, Tag: tag, ...common }
  })
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
  if (format !== undefined) return rows.map((row) => formatTemplate(format, row))
  const digest = (text: string): string[] => (flags.digests ? [text] : [])
  return formatTable([
    ['REPOSITORY', 'TAG', ...digest('DIGEST'), 'IMAGE ID', 'CREATED', 'SIZE'],
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
