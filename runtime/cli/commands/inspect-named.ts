import type { Command } from '../command.ts'
import type { Engine } from '../engine.ts'
import { flag } from '../flag-spec.ts'
import { formatDocument } from '../output/format-rows.ts'

/** The `inspect` of networks and of volumes. @param describe the document of one, by name */
export function inspectNamed(
  what: 'network' | 'volume',
  describe: (engine: Engine, name: string) => Promise<unknown>,
): Command {
  const word = what.toUpperCase()
  return {
    usage: `[OPTIONS] ${word} [${word}...]`,
    summary: `Display detailed information on one or more ${what}s`,
    flags: [flag('string', 'format,f', "Format output: 'json' or a Go template")],
    minimumArguments: 1,
    interspersed: true,
    async run({ flags, args, io, engine }) {
      const opened = await engine()
      const documents: unknown[] = []
      for (const name of args) documents.push(await describe(opened, name))
      const format = flags.string('format')
      if (format === undefined) io.stdout.write(formatDocument(documents, undefined))
      else for (const document of documents) io.stdout.write(formatDocument(document, format))
      return 0
    },
  }
}
