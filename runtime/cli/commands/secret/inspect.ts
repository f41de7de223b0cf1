import { OperationError } from '../../../../native/error.ts'
import type { Secret } from '../../../secret/secret-store.ts'
import type { Command } from '../../command.ts'
import { flag } from '../../flag-spec.ts'
import { formatDocument } from '../../output/format-rows.ts'

/** `secret inspect` */
export const secretInspectCommand: Command = {
  usage: '[OPTIONS] SECRET [SECRET...]',
  summary: 'Display detailed information on one or more secrets',
  flags: [
    flag('string', 'format,f', "Format output: 'json' or a Go template"),
    flag('bool', 'pretty', '', { hidden: true }),
    flag('bool', 'showsecret', 'Display the secret data'),
  ],
  minimumArguments: 1,
  interspersed: true,
  async run({ flags, args, io, engine }) {
    const opened = await engine()
    const documents: Record<string, unknown>[] = []
    for (const name of args) {
      const secret = await opened.secretInspect(name)
      const data = flags.bool('showsecret') ? await opened.secretData(secret.name) : undefined
      documents.push({
        ...secretDocument(secret),
        ...(data === undefined ? {} : { SecretData: textOf(data, name) }),
      })
    }
    const format = flags.string('format')
    if (format === undefined) io.stdout.write(formatDocument(documents, undefined))
    else for (const document of documents) io.stdout.write(formatDocument(document, format))
    return 0
  },
}

function secretDocument({ id, name, created, updated, labels }: Secret): Record<string, unknown> {
  return {
    ID: id,
    CreatedAt: created,
    UpdatedAt: updated,
    Spec: { Name: name, Driver: { Name: 'file', Options: {} }, Labels: labels },
  }
}

function textOf(data: Uint8Array, name: string): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(data)
  } catch (cause) {
    throw new OperationError(
      'UNSUPPORTED',
      `show the secret ${name}`,
      { reason: 'it is no text' },
      { cause, hint: 'Mount it in a container: run --secret' },
    )
  }
}
