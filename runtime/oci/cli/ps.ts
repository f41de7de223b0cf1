import { flag } from '../../cli/flag-spec.ts'
import { processTable } from '../../container/top.ts'
import { containerProcesses } from '../container-processes.ts'
import { readContainer, requireStatus } from '../oci-record.ts'
import { formatTable } from '../../cli/output/table.ts'
import { tableOrJson } from './output-format.ts'
import type { OciCommand } from './oci-command.ts'

/** `ps` */
export const psCommand: OciCommand = {
  usage: '[--format table|json] CONTAINER [PS OPTIONS]',
  summary: 'List the processes of a container, as the host numbers them',
  flags: [flag('string', 'format,f', 'table or json', { default: 'table' })],
  minimumArguments: 1,
  maximumArguments: Infinity,
  interspersed: false,
  async run({ args: [id = '', ...words], flags, globals, print }) {
    const container = readContainer(globals.root, id)
    requireStatus(container, 'list the processes of', 'created', 'running', 'paused')
    const pids = containerProcesses(container)
    if (tableOrJson(flags) === 'json') print(`${JSON.stringify(pids)}\n`)
    else {
      const { titles, rows } = processTable(pids, words)
      print(formatTable([titles, ...rows]))
    }
    return 0
  },
}
