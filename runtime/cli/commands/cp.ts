import { absolutePath } from '../absolute-path.ts'
import { OperationError } from '../../../native/error.ts'
import type { Command } from '../command.ts'
import type { CopyPlace } from '../engine.ts'
import { flag } from '../flag-spec.ts'

/** `cp` */
export const cpCommand: Command = {
  usage: '[OPTIONS] CONTAINER:SRC_PATH DEST_PATH|-   or   SRC_PATH|- CONTAINER:DEST_PATH',
  summary: 'Copy files/folders between a container and the local filesystem',
  flags: [
    flag('bool', 'archive,a', 'Archive mode (copy all uid/gid information)'),
    flag('bool', 'follow-link,L', 'Always follow symbol link in SRC_PATH'),
    flag('bool', 'quiet,q', 'Suppress progress output during copy'),
  ],
  minimumArguments: 2,
  maximumArguments: 2,
  interspersed: true,
  async run({ flags, args, io, engine }) {
    const [from, to] = [copyPlace(args[0] ?? '', io.cwd), copyPlace(args[1] ?? '', io.cwd)]
    if (from.kind === to.kind)
      throw new OperationError(
        'INVALID_ARGUMENT',
        'copy between two places of one kind',
        {},
        {
          hint: 'Exactly one of the two is CONTAINER:PATH',
        },
      )
    const options = { archive: flags.bool('archive'), followLink: flags.bool('follow-link') }
    await (await engine()).copy({ from, to, ...options }, io)
    return 0
  },
}

/** A colon makes it a container's path, unless a slash or a dot comes first, as in docker. */
export function copyPlace(text: string, cwd: string): CopyPlace {
  const match = /^([^/.:][^/:]*):(.*)$/s.exec(text)
  if (match) return { kind: 'container', container: match[1] ?? '', path: match[2] || '/' }
  return { kind: 'host', path: text === '-' ? text : absolutePath(cwd, text) }
}
