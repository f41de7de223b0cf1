import type { Command } from '../../command.ts'
import { flag } from '../../flag-spec.ts'
import { isConfirmed } from '../prune-flags.ts'

/** `pod prune` */
export const podPruneCommand: Command = {
  usage: '[OPTIONS]',
  summary: 'Remove all stopped pods with their containers',
  flags: [flag('bool', 'force,f', 'Do not prompt for confirmation')],
  minimumArguments: 0,
  maximumArguments: 0,
  interspersed: true,
  async run({ flags, io, engine }) {
    if (!(await isConfirmed(flags, io, 'all stopped/exited pods'))) return 0
    const { listPods, podStatus } = await import('../../../pod/pod.ts')
    const { deletePod } = await import('../../../pod/pod-life.ts')
    const opened = await engine()
    for (const pod of await listPods(opened)) {
      const status = podStatus(pod)
      if (status !== 'Exited' && status !== 'Stopped') continue
      await deletePod(opened, pod, { force: false })
      io.stdout.write(`${pod.id}\n`)
    }
    return 0
  },
}
