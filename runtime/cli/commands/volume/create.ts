import { parseKeyValues } from '../../../container/parse/key-value.ts'
import { parseName } from '../../../container/parse/name.ts'
import { volumeOptionsOf } from '../../../container/parse/volume-driver.ts'
import type { Command } from '../../command.ts'
import { flag } from '../../flag-spec.ts'

/** `volume create` */
export const volumeCreateCommand: Command = {
  usage: '[OPTIONS] [VOLUME]',
  summary: 'Create a volume',
  flags: [
    flag('string', 'driver,d', 'Specify volume driver name: local or tmpfs', { default: 'local' }),
    flag('list', 'label', 'Set metadata for a volume'),
    flag('list', 'opt,o', 'Set driver specific options: type, device and o as for mount, or size'),
  ],
  minimumArguments: 0,
  maximumArguments: 1,
  interspersed: true,
  async run({ flags, args, io, engine }) {
    const [text] = args
    const options = parseKeyValues('driver option', flags.list('opt'))
    const { name } = await (
      await engine()
    ).volumeCreate(text === undefined ? undefined : parseName('volume', text), {
      labels: parseKeyValues('label', flags.list('label')),
      options: volumeOptionsOf(flags.string('driver') ?? '', options),
    })
    io.stdout.write(`${name}\n`)
    return 0
  },
}
