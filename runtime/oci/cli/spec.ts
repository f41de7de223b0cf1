import { writeFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { OperationError } from '../../../native/error.ts'
import { isSystemError } from '../../../native/system-error.ts'
import { flag } from '../../cli/flag-spec.ts'
import { exampleConfig } from '../example-config.ts'
import type { OciCommand } from './oci-command.ts'

/** `spec` */
export const specCommand: OciCommand = {
  usage: '[--bundle DIR] [--rootless]',
  summary: 'Make a config.json to begin with',
  flags: [
    flag('string', 'bundle,b', 'Folder of the bundle (default: this folder)', { value: 'DIR' }),
    flag('bool', 'rootless', 'For an ordinary user'),
  ],
  minimumArguments: 0,
  maximumArguments: 0,
  async run({ flags }) {
    const path = resolve(flags.string('bundle') ?? '.', 'config.json')
    const config = exampleConfig(
      flags.bool('rootless')
        ? { uid: process.geteuid?.() ?? 0, gid: process.getegid?.() ?? 0 }
        : undefined,
    )
    try {
      writeFileSync(path, `${JSON.stringify(config, undefined, '\t')}\n`, { flag: 'wx' })
    } catch (cause) {
      throw new OperationError(
        isSystemError(cause, 'EEXIST') ? 'ALREADY_EXISTS' : 'INVALID_ARGUMENT',
        'write config.json',
        { path },
        { cause, hint: 'Remove the file that is there first, or name another folder (--bundle)' },
      )
    }
    return 0
  },
}
