import type { Command } from '../../command.ts'
import { flag } from '../../flag-spec.ts'
import { formatDocument } from '../../output/format-rows.ts'
import { volumeDocument } from '../../output/volume-document.ts'

/** `volume inspect` */
export const volumeInspectCommand: Command = {
  usage: '[OPTIONS] VOLUME [VOLUME...]',
  summary: 'Display detailed information on one or more volumes',
  flags: [flag('string', 'format,f', "Format output: 'json' or a Go template")],
  minimumArguments: 1,
  interspersed: true,
  async run({ flags, args, io, engine }) {
    const opened = await engine()
    const documents: unknown[] = []
    for (const name of args) documents.push(volumeDocument(await opened.volumeInspect(name)))
    const format = flags.string('format')
    if (format === undefined) io.stdout.write(formatDocument(documents, undefined))
    else for (const document of documents) io.stdout.write(formatDocument(document, format))
    return 0
  },
}
