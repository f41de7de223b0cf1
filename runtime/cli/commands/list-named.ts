import type { Command, Invocation } from '../command.ts'
import type { Engine } from '../engine.ts'
import type { FlagSpec } from '../flag-spec.ts'
import { flag } from '../flag-spec.ts'
import { labelMatches, parseFilters } from '../output/filter-containers.ts'
import { formatRows } from '../output/format-rows.ts'

/** What the `ls` of networks and of volumes have in common. */
interface Named {
  readonly name: string
  readonly driver: string
  readonly labels: Readonly<Record<string, string>>
}

export interface ListingKind<Item extends Named> {
  readonly what: 'network' | 'volume'
  /** What `--quiet` shows alone, in words and as a column. */
  readonly quiet: { readonly words: string; readonly column: string }
  readonly flags?: readonly FlagSpec[]
  readonly defaultTable: string
  readonly headers: Readonly<Record<string, string>>
  list(engine: Engine): Promise<readonly Item[]>
  /** Filters beside name, driver and label. */
  readonly filters?: Readonly<Record<string, (item: Item, value: string) => boolean>>
  row(item: Item, flags: Invocation['flags']): Record<string, string>
}

/** The `ls` of networks and of volumes. */
export function listNamed<Item extends Named>(kind: ListingKind<Item>): Command {
  const filters: Record<string, (item: Item, value: string) => boolean> = {
    name: ({ name }, value) => name.includes(value),
    driver: ({ driver }, value) => driver === value,
    label: ({ labels }, value) => labelMatches(labels, value),
    ...kind.filters,
  }
  return {
    usage: '[OPTIONS]',
    summary: `List ${kind.what}s`,
    flags: [
      flag('list', 'filter,f', 'Provide filter values (e.g. "label=a")', { value: 'filter' }),
      flag('string', 'format', "Format output: 'table', 'table TEMPLATE', 'json' or a Go template"),
      ...(kind.flags ?? []),
      flag('bool', 'noheading,n', 'Do not print the headings'),
      flag('bool', 'quiet,q', `Only display ${kind.quiet.words}`),
    ],
    minimumArguments: 0,
    maximumArguments: 0,
    interspersed: true,
    async run({ flags, io, engine }) {
      const wanted = parseFilters(flags.list('filter'), Object.keys(filters))
      const items = (await kind.list(await engine())).filter((item) =>
        wanted.every(({ name, value }) => filters[name]?.(item, value)),
      )
      const rows = items.map((item) => ({
        ...kind.row(item, flags),
        Name: item.name,
        Driver: item.driver,
        Scope: 'local',
        Labels: Object.entries(item.labels)
          .map(([key, value]) => `${key}=${value}`)
          .join(','),
      }))
      const { defaultTable, headers } = kind
      const text = flags.bool('quiet')
        ? rows.map((row: Record<string, string>) => `${row[kind.quiet.column]}\n`).join('')
        : formatRows(rows, { format: flags.string('format'), defaultTable, headers })
      io.stdout.write(flags.bool('noheading') ? text.replace(/^.*\n/, '') : text)
      return 0
    },
  }
}
