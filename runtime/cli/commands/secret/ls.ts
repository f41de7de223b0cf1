import type { Secret } from '../../../secret/secret-store.ts'
import type { Command } from '../../command.ts'
import { flag } from '../../flag-spec.ts'
import { labelMatches, parseFilters } from '../../output/filter-containers.ts'
import { formatRows } from '../../output/format-rows.ts'
import { humanAgo } from '../../output/human-duration.ts'

const filters: Readonly<Record<string, (secret: Secret, value: string) => boolean>> = {
  name: ({ name }, value) => name.includes(value),
  id: ({ id }, value) => id.startsWith(value),
  label: ({ labels }, value) => labelMatches(labels, value),
}

/** `secret ls` */
export const secretLsCommand: Command = {
  usage: '[OPTIONS]',
  summary: 'List secrets',
  flags: [
    flag('list', 'filter,f', 'Filter secret output (name, id, label)', { value: 'filter' }),
    flag('string', 'format', "Format output: 'table', 'table TEMPLATE', 'json' or a Go template"),
    flag('bool', 'noheading', 'Do not print headers'),
    flag('bool', 'quiet,q', 'Print secret IDs only'),
  ],
  minimumArguments: 0,
  maximumArguments: 0,
  interspersed: true,
  async run({ flags, io, engine }) {
    const wanted = parseFilters(flags.list('filter'), Object.keys(filters))
    const secrets = (await (await engine()).secretList()).filter((secret) =>
      wanted.every(({ name, value }) => filters[name]?.(secret, value)),
    )
    const nowMs = Date.now()
    const rows = secrets.map(({ id, name, created, updated }) => ({
      ID: id,
      Name: name,
      Driver: 'file',
      CreatedAt: humanAgo(created, nowMs),
      UpdatedAt: humanAgo(updated, nowMs),
    }))
    if (flags.bool('quiet')) io.stdout.write(rows.map(({ ID }) => `${ID}\n`).join(''))
    else {
      const text = formatRows(rows, {
        format: flags.string('format'),
        defaultTable: '{{.ID}}\t{{.Name}}\t{{.Driver}}\t{{.CreatedAt}}\t{{.UpdatedAt}}',
        headers: {
          ID: 'ID',
          Name: 'NAME',
          Driver: 'DRIVER',
          CreatedAt: 'CREATED',
          UpdatedAt: 'UPDATED',
        },
      })
      io.stdout.write(flags.bool('noheading') ? text.slice(text.indexOf('\n') + 1) : text)
    }
    return 0
  },
}
