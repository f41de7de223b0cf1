import { flag } from '../../cli/flag-spec.ts'
import { checkpointContainer } from '../criu/checkpoint-container.ts'
import { criuFlags, criuOptions, imagePath } from '../criu/criu-options.ts'
import type { OciCommand } from './oci-command.ts'

/** `checkpoint` */
export const checkpointCommand: OciCommand = {
  usage: '[OPTIONS] CONTAINER',
  summary: 'Write a running container to disk, with CRIU',
  flags: [
    ...criuFlags,
    flag('string', 'parent-path', 'Folder of an earlier checkpoint, relative to the new one'),
    flag('bool', 'pre-dump', 'Memory only; the container goes on'),
    flag('bool', 'leave-running', 'Let the container go on'),
    flag('string', 'page-server', 'ADDRESS:PORT that takes the memory'),
    flag('int', 'status-fd', 'Descriptor that is told when lazy pages are ready'),
  ],
  minimumArguments: 1,
  maximumArguments: 1,
  async run({ args: [id = ''], flags, globals, env, log }) {
    await checkpointContainer({
      root: globals.root,
      id,
      criu: globals.criu,
      env,
      imagePath: imagePath(flags),
      workPath: flags.string('work-path'),
      parentPath: flags.string('parent-path'),
      isPreDump: flags.bool('pre-dump'),
      leaveRunning: flags.bool('leave-running'),
      pageServer: flags.string('page-server'),
      statusDescriptor: flags.number('status-fd'),
      options: criuOptions(flags),
      warn: (message) => log.write('warning', message),
    })
    return 0
  },
}
