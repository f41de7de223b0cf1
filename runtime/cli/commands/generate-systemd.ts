import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { OperationError } from '../../../native/error.ts'
import { commandPath } from '../../../native/paths.ts'
import { invalidValue } from '../../container/parse/invalid-value.ts'
import type { Command } from '../command.ts'
import type { Engine } from '../engine.ts'
import { flag } from '../flag-spec.ts'
import type { ParsedFlags } from '../parsed-flags.ts'
import { systemdUnit } from '../output/systemd-unit.ts'

const policies = new Set(
  'no on-success on-failure on-abnormal on-watchdog on-abort always'.split(' '),
)

/** `generate systemd` */
export const generateSystemdCommand: Command = {
  usage: '[OPTIONS] CONTAINER|POD',
  summary: 'Generate a systemd unit that keeps a container or a pod',
  flags: [
    flag('list', 'after', 'Units to start after'),
    flag('string', 'container-prefix', 'Start of the names of units of containers', {
      default: 'container',
    }),
    flag('list', 'env,e', 'Set environment variables of the unit'),
    flag('bool', 'files,f', 'Write the unit to a .service file in this folder'),
    flag('string', 'format', "Format output: 'json'"),
    flag('bool', 'name,n', 'Use the name in place of the id'),
    flag('bool', 'new', '', { hidden: true }),
    flag('bool', 'no-header', 'Leave the heading out'),
    flag('string', 'pod-prefix', 'Start of the names of units of pods', { default: 'pod' }),
    flag('list', 'requires', 'Units that must run'),
    flag('string', 'restart-policy', 'When systemd starts it again', { default: 'on-failure' }),
    flag('int', 'restart-sec', 'Seconds before it does'),
    flag('string', 'separator', 'Between prefix and name', { default: '-' }),
    flag('int', 'start-timeout', 'Seconds that a start may take'),
    flag('int', 'stop-timeout', 'Seconds before SIGKILL', { default: '10' }),
    flag('list', 'wants', 'Units that should run'),
  ],
  minimumArguments: 1,
  maximumArguments: 1,
  interspersed: true,
  async run({ flags, args: [reference = ''], io, engine }) {
    refuseNew(flags)
    const found = await find(await engine(), reference, flags)
    const text = systemdUnit(found)
    const file = `${found.unit}.service`
    if (flags.bool('files')) writeFileSync(join(io.cwd, file), text)
    const format = flags.string('format')
    if (format !== undefined && format !== 'json')
      throw invalidValue('format', format, 'The format is json')
    const value = flags.bool('files') ? join(io.cwd, file) : text
    if (format === 'json') io.stdout.write(`${JSON.stringify({ [found.unit]: value }, null, 4)}\n`)
    else io.stdout.write(flags.bool('files') ? `${value}\n` : text)
    return 0
  },
}

function refuseNew(flags: ParsedFlags): void {
  if (!flags.bool('new')) return
  throw new OperationError(
    'UNSUPPORTED',
    'generate a unit that makes the container anew',
    {},
    {
      hint: 'How it was made is not kept as a command: write Type=exec, ExecStart=mycontainer run --rm --replace --name NAME … and ExecStop=mycontainer stop NAME',
    },
  )
}

async function find(
  engine: Engine,
  reference: string,
  flags: ParsedFlags,
): Promise<Parameters<typeof systemdUnit>[0]> {
  const { listPods } = await import('../../pod/pod.ts')
  const pod = (await listPods(engine)).find(({ name, id }) => [name, id].includes(reference))
  const { id, name } = pod ?? (await engine.inspect(reference)).record
  const kind = pod ? 'pod' : 'container'
  const prefix = flags.string(`${kind}-prefix`) ?? kind
  const shown = flags.bool('name') ? name : id
  const restartPolicy = flags.string('restart-policy') ?? 'on-failure'
  if (!policies.has(restartPolicy))
    throw invalidValue('restart policy', restartPolicy, `They are ${[...policies].join(', ')}`)
  return {
    kind,
    name: shown,
    unit: `${prefix}${prefix === '' ? '' : (flags.string('separator') ?? '-')}${shown}`,
    command: [commandPath, ...(engine.root === undefined ? [] : ['--root', engine.root])],
    restartPolicy,
    restartSeconds: flags.number('restart-sec'),
    startSeconds: flags.number('start-timeout'),
    stopSeconds: flags.number('stop-timeout') ?? 10,
    after: flags.list('after'),
    wants: flags.list('wants'),
    requires: flags.list('requires'),
    env: flags.list('env'),
    ...(flags.bool('no-header') ? {} : { heading: 'Made by "mycontainer generate systemd"' }),
  }
}
