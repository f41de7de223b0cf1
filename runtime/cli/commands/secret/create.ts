import { readFileSync } from 'node:fs'
import { OperationError } from '../../../../native/error.ts'
import { parseKeyValues } from '../../../container/parse/key-value.ts'
import { absolutePath } from '../../absolute-path.ts'
import type { CommandIo } from '../../command-io.ts'
import type { Command } from '../../command.ts'
import { flag } from '../../flag-spec.ts'

/** `secret create` */
export const secretCreateCommand: Command = {
  usage: '[OPTIONS] NAME FILE|-',
  summary: 'Create a secret from a file or standard input',
  flags: [
    flag('string', 'driver,d', 'Specify secret driver', { default: 'file' }),
    flag('bool', 'env', 'Read secret data from environment variable'),
    flag('list', 'label,l', 'Specify labels on the secret'),
    flag('bool', 'replace', 'If a secret with the same name exists, replace it'),
  ],
  minimumArguments: 2,
  maximumArguments: 2,
  interspersed: true,
  async run({ flags, args, io, engine }) {
    const [name = '', source = ''] = args
    const driver = flags.string('driver') ?? 'file'
    if (driver !== 'file')
      throw new OperationError(
        'UNSUPPORTED',
        'use a secret driver',
        { driver },
        { hint: 'The driver is file: secrets are files that root alone can read' },
      )
    const data = flags.bool('env') ? variable(io, source) : await content(io, source)
    const labels = parseKeyValues('label', flags.list('label'))
    const opened = await engine()
    const { id } = await opened.secretCreate({
      name,
      data,
      labels,
      replace: flags.bool('replace'),
    })
    io.stdout.write(`${id}\n`)
    return 0
  },
}

function variable({ env }: CommandIo, name: string): Buffer {
  const value = env[name]
  if (value !== undefined) return Buffer.from(value)
  throw new OperationError(
    'NOT_FOUND',
    'read a secret from the environment',
    { variable: name },
    { hint: 'Set it, or leave --env out to read a file' },
  )
}

async function content({ stdin, stdinIsTty, cwd }: CommandIo, source: string): Promise<Buffer> {
  if (source === '-') {
    if (stdinIsTty)
      throw new OperationError(
        'INVALID_ARGUMENT',
        'read a secret from a terminal',
        {},
        { hint: 'Give it by a pipe: printf %s "$SECRET" | mycontainer secret create NAME -' },
      )
    const pieces: Uint8Array[] = []
    for await (const piece of stdin) pieces.push(Uint8Array.from(piece))
    return Buffer.concat(pieces)
  }
  const path = absolutePath(cwd, source)
  try {
    return readFileSync(path)
  } catch (cause) {
    throw new OperationError('NOT_FOUND', 'read the file of a secret', { path }, { cause })
  }
}
