import { OperationError } from '../../../native/error.ts'
import { flag } from '../../cli/flag-spec.ts'
import { readResourcesFile, resourcesFromFlags } from '../update-request.ts'
import { updateContainer } from '../update-container.ts'
import type { OciCommand } from './oci-command.ts'

/** `update` */
export const updateCommand: OciCommand = {
  usage: '[OPTIONS] CONTAINER',
  summary: 'Change the limits of a running container',
  flags: [
    flag('string', 'resources,r', 'File with a linux.resources section; - for standard input', {
      value: 'FILE',
    }),
    flag('int', 'blkio-weight', 'Weight of its I/O, 10 to 1000'),
    flag('int', 'cpu-period', 'Period of the quota, in microseconds'),
    flag('int', 'cpu-quota', 'CPU time in each period, in microseconds'),
    flag('int', 'cpu-burst', 'CPU time saved up for bursts, in microseconds'),
    flag('int', 'cpu-share', 'Weight of its CPU time'),
    flag('int', 'cpu-rt-period', 'Period of real-time CPU time, in microseconds'),
    flag('int', 'cpu-rt-runtime', 'Real-time CPU time in each period, in microseconds'),
    flag('int', 'cpu-idle', '1: only when nothing else wants the CPU'),
    flag('string', 'cpuset-cpus', 'CPUs it may run on', { value: 'LIST' }),
    flag('string', 'cpuset-mems', 'Memory nodes it may use', { value: 'LIST' }),
    flag('string', 'memory', 'Memory, in bytes or with a unit', { value: 'SIZE' }),
    flag('string', 'memory-reservation', 'Memory that is left to it', { value: 'SIZE' }),
    flag('string', 'memory-swap', 'Memory and swap together; -1: no limit', { value: 'SIZE' }),
    flag('string', 'kernel-memory', 'Without effect: the kernel has dropped it', { hidden: true }),
    flag('string', 'kernel-memory-tcp', 'Memory of TCP buffers (v1)', { value: 'SIZE' }),
    flag('int', 'pids-limit', 'Processes and threads; -1: no limit'),
    flag('string', 'l3-cache-schema', 'Not implemented', { hidden: true }),
    flag('string', 'mem-bw-schema', 'Not implemented', { hidden: true }),
  ],
  minimumArguments: 1,
  maximumArguments: 1,
  async run({ args: [id = ''], flags, globals, log, env }) {
    for (const name of ['l3-cache-schema', 'mem-bw-schema'])
      if (flags.has(name))
        throw new OperationError(
          'UNSUPPORTED',
          `update --${name}`,
          {},
          { hint: 'Set up the resctrl group on the host' },
        )
    const file = flags.string('resources')
    const resources = file === undefined ? resourcesFromFlags(flags) : readResourcesFile(file)
    for (const warning of await updateContainer(globals.root, id, resources, env))
      log.write('warning', warning)
    return 0
  },
}
