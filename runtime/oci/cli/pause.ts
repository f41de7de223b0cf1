import { freeze } from '../../cgroup/freeze.ts'
import { requireGroup } from '../require-group.ts'
import { readContainer, requireStatus } from '../oci-record.ts'
import type { OciCommand } from './oci-command.ts'

/** `pause` */
export const pauseCommand: OciCommand = {
  usage: 'CONTAINER',
  summary: 'Stop all processes of a container where they are',
  flags: [],
  minimumArguments: 1,
  maximumArguments: 1,
  async run({ args: [id = ''], globals }) {
    const container = readContainer(globals.root, id)
    requireStatus(container, 'pause', 'running', 'created')
    freeze(requireGroup(container, 'pause'))
    return 0
  },
}
