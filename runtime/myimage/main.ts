// Entry of the bundle behind bin/myimage: the commands of rootfs/cli, which know no containers, and
// what executes the RUNs of a build.

import { type CommandParts, runMyimage } from '../../rootfs/cli/main.ts'

const parts: CommandParts = {
  async openStepRunner(root) {
    const { openStepRunner } = await import('../build-step/step-runner.ts')
    return openStepRunner(root)
  },
}

// Files of layers are as readable as they are meant to be, whatever the user’s umask.
process.umask(0o022)
void runMyimage(parts)
