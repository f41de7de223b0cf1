import { OperationError } from '../../../native/error.ts'
import { flag } from '../../cli/flag-spec.ts'
import { containerHeaders, containerRow } from '../../cli/output/container-row.ts'
import { formatRows } from '../../cli/output/format-rows.ts'
import { isLive, projectContainers } from '../act/project-containers.ts'
import type { ComposeCommand } from './compose-command.ts'

const defaultTable = ['Name', 'Image', 'Command', 'Service', 'RunningFor', 'Status', 'Ports']
  .map((name) => `{{.${name}}}`)
  .join('\t')

export const psCommand: ComposeCommand = {
  usage: '[OPTIONS] [SERVICE...]',
  summary: 'List containers',
  flags: [
    flag('bool', 'all,a', 'Show all stopped containers (including those created by run)'),
    flag('list', 'filter', 'Filter services by a property (status)'),
    flag('string', 'format', "Format output: 'table', 'json' or a Go template"),
    flag('bool', 'no-trunc', "Don't truncate output"),
    flag('bool', 'orphans', 'Include orphaned services', { default: 'true' }),
    flag('bool', 'quiet,q', 'Only display IDs'),
    flag('bool', 'services', 'Display services'),
    flag('list', 'status', 'Filter services by status'),
  ],
  minimumArguments: 0,
  interspersed: true,
  async run({ flags, args, io, engine, sessionOrRemains }) {
    const { project } = await sessionOrRemains()
    const statuses = [...flags.list('status'), ...flags.list('filter').map(statusOf)]
    const all = await projectContainers(engine, project.name)
    const unknown = args.find(
      (name) =>
        !Object.hasOwn(project.services, name) && !all.some(({ service }) => service === name),
    )
    if (unknown !== undefined)
      throw new OperationError('NOT_FOUND', `no such service: ${unknown}`, {}, { exitCode: 1 })
    const shown = all.filter(
      (one) =>
        (args.length === 0 || args.includes(one.service)) &&
        (statuses.length > 0
          ? statuses.includes(one.state.status)
          : flags.bool('all') || (isLive(one) && !one.isOneOff)) &&
        (flags.bool('orphans', true) || Object.hasOwn(project.services, one.service)),
    )
    if (flags.bool('quiet')) io.stdout.write(shown.map(({ record }) => `${record.id}\n`).join(''))
    else if (flags.bool('services'))
      io.stdout.write([...new Set(shown.map(({ service }) => `${service}\n`))].join(''))
    else {
      const rows = shown.map((one) => ({
        ...containerRow(one, { isTruncated: !flags.bool('no-trunc'), nowMs: Date.now() }),
        Name: one.record.name,
        Service: one.service,
        Project: project.name,
        Health: one.state.health?.status ?? '',
      }))
      io.stdout.write(
        formatRows(rows, {
          format: flags.string('format'),
          defaultTable,
          headers: { ...containerHeaders, Name: 'NAME', Service: 'SERVICE', RunningFor: 'CREATED' },
        }),
      )
    }
    return 0
  },
}

function statusOf(filter: string): string {
  const [, status] = /^status=(.+)$/.exec(filter) ?? []
  if (status !== undefined) return status
  throw new OperationError(
    'INVALID_ARGUMENT',
    `invalid filter ${JSON.stringify(filter)}`,
    {},
    { exitCode: 1, hint: 'The one filter is status=STATUS' },
  )
}
