import { OperationError } from '../../../../native/error.ts'
import type { Command } from '../../command.ts'
import { flag } from '../../flag-spec.ts'
import { logsFlags, showLogs } from '../logs.ts'

/** `pod logs` */
export const podLogsCommand: Command = {
  usage: '[OPTIONS] POD',
  summary: 'Fetch the logs of the containers of a pod',
  flags: [...logsFlags(), flag('string', 'container,c', 'Of this container alone')],
  minimumArguments: 1,
  maximumArguments: 1,
  interspersed: true,
  async run({ flags, args: [name = ''], io, engine }) {
    const { requirePod } = await import('../../../pod/pod.ts')
    const opened = await engine()
    const pod = await requirePod(opened, name)
    const only = flags.string('container')
    const records = pod.members
      .map(({ record }) => record)
      .filter((one) => only === undefined || one.name === only || one.id.startsWith(only))
    if (only !== undefined && records.length === 0)
      throw new OperationError('NOT_FOUND', `the pod ${pod.name} has no container ${only}`)
    await showLogs(opened, records, flags, io)
    return 0
  },
}
