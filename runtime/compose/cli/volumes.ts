import { flag } from '../../cli/flag-spec.ts'
import { formatRows } from '../../cli/output/format-rows.ts'
import { requireServices } from '../act/bring-up.ts'
import { label } from '../plan/labels.ts'
import { chosenContainers } from './chosen-containers.ts'
import type { ComposeCommand } from './compose-command.ts'

/** Volumes of the project, or those that some services' containers have. */
export const volumesCommand: ComposeCommand = {
  usage: '[OPTIONS] [SERVICE...]',
  summary: 'List volumes',
  flags: [
    flag('string', 'format', "Format output: 'table', 'json' or a Go template"),
    flag('bool', 'quiet,q', 'Only display volume names'),
  ],
  minimumArguments: 0,
  interspersed: true,
  async run({ flags, args, io, engine, session: open }) {
    const session = await open(args)
    requireServices(session, args)
    const used = new Set(
      (await chosenContainers(session, args)).flatMap(({ record }) =>
        record.mounts.flatMap(({ name }) => name ?? []),
      ),
    )
    const own = (await engine.volumeList()).filter(
      ({ name, labels }) =>
        (args.length === 0 && labels[label.project] === session.project.name) || used.has(name),
    )
    const rows = own.map(({ name, driver, mountpoint }) => ({
      Driver: driver,
      Name: name,
      Mountpoint: mountpoint,
    }))
    io.stdout.write(
      formatRows(rows, {
        format: flags.bool('quiet') ? '{{.Name}}' : flags.string('format'),
        defaultTable: '{{.Driver}}\t{{.Name}}',
        headers: { Driver: 'DRIVER', Name: 'VOLUME NAME' },
      }),
    )
    return 0
  },
}
