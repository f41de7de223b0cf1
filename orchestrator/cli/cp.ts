import type { Command } from 'commander'
import type { ClientFlags } from './client-flags.ts'
import type { Place } from './resources/copy-files.ts'
import { addSessionAction, CommandFailure } from './resources/session.ts'

interface Flags extends ClientFlags {
  readonly container?: string
}

const examples = `
Examples:
  myorch cp notes.txt web-1:/tmp/notes.txt
  myorch cp shop/web-1:/var/log ./log -c side`

/** `myorch cp FILE POD:PATH` and `myorch cp POD:PATH FILE`. */
export function addCp(program: Command): void {
  const command = program
    .command('cp')
    .description('Copy files and folders into and out of containers, which need tar')
    .argument('[place...]', 'from where, and to where; [NAMESPACE/]POD:PATH is in a container')
    .option('-c, --container <name>', 'absent: the first one')
    .addHelpText('after', examples)
  addSessionAction<Flags>(command, async (session, words, flags) => {
    const [from = '', to = '', ...more] = words
    if (from === '' || to === '' || more.length > 0)
      throw new CommandFailure('source and destination are required')
    const [source, destination] = [readPlace(from), readPlace(to)]
    if (source.pod !== '' && destination.pod !== '')
      throw new CommandFailure('one of src or dest must be a local file specification')
    if (source.path === '' || destination.path === '')
      throw new CommandFailure('filepath can not be empty')
    const { copyIn, copyOut } = await import('./resources/copy-files.ts')
    if (destination.pod !== '') return copyIn(session, source.path, destination, flags.container)
    if (source.pod !== '') return copyOut(session, source, destination.path, flags.container)
    throw new CommandFailure('one of src or dest must be a remote file specification')
  })
}

function readPlace(text: string): Place {
  const at = text.indexOf(':')
  if (at === -1) return { pod: '', path: text }
  const [pod, path] = [text.slice(0, at), text.slice(at + 1)]
  const parts = pod.split('/')
  if (pod === '' || parts.length > 2 || parts.includes(''))
    throw new CommandFailure(
      'filespec must match the canonical format: [[namespace/]pod:]file/path',
    )
  return parts.length === 2 ? { namespace: parts[0]!, pod: parts[1]!, path } : { pod, path }
}
