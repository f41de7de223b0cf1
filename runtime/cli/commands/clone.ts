import { parseName } from '../../container/parse/name.ts'
import type { Command } from '../command.ts'
import { flag } from '../flag-spec.ts'

/** `container clone` */
export const cloneCommand: Command = {
  usage: '[OPTIONS] CONTAINER [NAME] [IMAGE]',
  summary: 'Create a container with the settings of another',
  flags: [
    flag('bool', 'destroy', 'Remove the original'),
    flag('bool', 'force,f', 'With --destroy, also where it runs'),
    flag('string', 'name', 'Name of the new container (default: NAME-clone)'),
    flag('bool', 'run', 'Start it'),
  ],
  minimumArguments: 1,
  maximumArguments: 3,
  interspersed: true,
  async run({ flags, args: [original = '', given, image], io, engine }) {
    const opened = await engine()
    const { record } = await opened.inspect(original)
    const name = parseName('container', flags.string('name') ?? given ?? `${record.name}-clone`)
    const { cidfile: _own, ...options } = record.options
    // What was asked for, not what it has become: a writable layer and anonymous volumes of its own.
    const wanted = { ...options, name, ...(image === undefined ? {} : { image }), detach: true }
    const { id } = await opened.create(wanted, io)
    if (flags.bool('destroy'))
      await opened.remove(record.id, { force: flags.bool('force'), volumes: false })
    if (flags.bool('run')) await opened.start(id, {}, io)
    io.stdout.write(`${id}\n`)
    return 0
  },
}
