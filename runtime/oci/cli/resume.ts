import { thaw } from '../../cgroup/freeze.ts'
import { requireGroup } from '../require-group.ts'
import { readContainer, requireStatus } from '../oci-record.ts'
import type { OciCommand } from './oci-command.ts'

/** `resume` */
export const resumeCommand: OciCommand = {
  usage: 'CONTAINER',
  summary: 'Let a paused container go on',
  flags: [],
  minimumArguments: 1,
  maximumArguments: 1,
  async run({ args: [id = ''], globals }) {
    const container = readContainer(globals.root, id)
    requireStatus(container, 'resume', 'paused')
    thaw(requireGroup(container, 'resume'))
    return 0
  },
}
