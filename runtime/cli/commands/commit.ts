import { writeFileSync } from 'node:fs'
import { absolutePath } from '../absolute-path.ts'
import { OperationError } from '../../../native/error.ts'
import type { Command } from '../command.ts'
import { flag } from '../flag-spec.ts'

/** `commit` */
export const commitCommand: Command = {
  usage: '[OPTIONS] CONTAINER [REPOSITORY[:TAG]]',
  summary: "Create a new image from a container's changes",
  flags: [
    flag('string', 'author,a', 'Author (e.g., "John Hannibal Smith <hannibal@a-team.com>")'),
    flag('list', 'change,c', 'Apply Dockerfile instruction to the created image'),
    flag('string', 'format,f', 'Manifest format: oci or docker', { default: 'oci' }),
    flag('string', 'iidfile', 'Write the image ID to the file'),
    flag('bool', 'include-volumes', 'Include container volumes as image volumes'),
    flag('string', 'message,m', 'Commit message'),
    flag('bool', 'no-pause', 'Do not pause the container during commit'),
    flag('bool', 'pause,p', 'Pause container during commit', { default: 'true' }),
    flag('bool', 'quiet,q', '', { hidden: true }),
  ],
  minimumArguments: 1,
  maximumArguments: 2,
  interspersed: true,
  async run({ flags, args, io, engine }) {
    const [container = '', reference] = args
    const id = await (
      await engine()
    ).commit(container, {
      reference,
      author: flags.string('author'),
      message: flags.string('message'),
      changes: flags.list('change'),
      pause: flags.bool('pause', true) && !flags.bool('no-pause'),
      format: readFormat(flags.string('format') ?? 'oci'),
      includeVolumes: flags.bool('include-volumes'),
      warn: (text) => io.stderr.write(`WARNING: ${text}\n`),
    })
    const file = flags.string('iidfile')
    io.stdout.write(`${id}\n`)
    if (file !== undefined) writeId(absolutePath(io.cwd, file), id)
    return 0
  },
}

function writeId(path: string, id: string): void {
  try {
    writeFileSync(path, id)
  } catch (cause) {
    throw new OperationError(
      'INVALID_ARGUMENT',
      'write the id of an image that is there now',
      { path },
      { cause, hint: 'Name a file in a folder that you may write to' },
    )
  }
}

function readFormat(text: string): 'oci' | 'docker' {
  if (text === 'oci' || text === 'docker') return text
  throw new OperationError(
    'INVALID_ARGUMENT',
    'choose the format of an image',
    { format: text.slice(0, 40) },
    { hint: 'Use --format oci or docker' },
  )
}
