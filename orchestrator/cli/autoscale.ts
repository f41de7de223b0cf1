import type { Command } from 'commander'
import type { KubeObject } from '../api/object.ts'
import { addMakingFlags, createObject, unset } from './create/generator.ts'
import type { GeneratorFlags } from './create/generator.ts'
import { readInteger } from './create/read-flags.ts'
import { addChoiceFlags } from './resources/chosen-objects.ts'
import type { ChoiceFlags } from './resources/chosen-objects.ts'
import { addSessionAction, CommandFailure } from './resources/session.ts'

interface Flags extends GeneratorFlags, ChoiceFlags {
  readonly name?: string
  readonly min?: string
  readonly max?: string
  readonly cpuPercent?: string
}

const scalable = ['Deployment', 'ReplicaSet', 'StatefulSet', 'ReplicationController']

/** `myorch autoscale TYPE NAME --max=10`. */
export function addAutoscale(program: Command): void {
  const command = addChoiceFlags(
    program
      .command('autoscale')
      .description('Have as many pods as there is work for')
      .argument('[target...]', 'TYPE NAME or TYPE/NAME'),
  )
    .option('--min <count>', 'at least so many pods (1)')
    .option('--max <count>', 'at most so many')
    .option('--cpu-percent <percent>', 'of what they request, on average (80)')
    .option('--name <name>', 'of the autoscaler (that of the object)')
  const made = addMakingFlags(command, 'kubectl-autoscale')
  addSessionAction<Flags>(made, async (session, words, flags) => {
    const { eachChosen, findChosen, readChosen } = await import('./resources/chosen-objects.ts')
    const [min, max, percent] = readFlags(flags)
    await eachChosen(await findChosen(session, words, flags), async (chosen) => {
      const { apiVersion, kind } = await readChosen(session, chosen)
      const { group, version, plural } = chosen.resource
      if (!scalable.includes(kind))
        throw new CommandFailure(
          `cannot autoscale a ${kind}: could not find scale subresource for ${group}/${version}, Resource=${plural} in discovery information`,
        )
      const object = {
        apiVersion: 'autoscaling/v2',
        kind: 'HorizontalPodAutoscaler',
        metadata: { ...unset, name: flags.name ?? chosen.name },
        spec: {
          maxReplicas: max,
          scaleTargetRef: { apiVersion, kind, name: chosen.name },
          ...(min > 0 ? { minReplicas: min } : {}),
          ...(percent >= 0 ? { metrics: [ofProcessors(percent)] } : {}),
        },
        status: { currentMetrics: null, desiredReplicas: 0 },
      } as KubeObject
      await createObject(session, object, flags, { done: 'autoscaled', named: false })
    })
  })
}

function ofProcessors(averageUtilization: number) {
  const target = { averageUtilization, type: 'Utilization' }
  return { type: 'Resource', resource: { name: 'cpu', target } }
}

function readFlags(flags: Flags): [min: number, max: number, percent: number] {
  if (flags.max === undefined) throw new CommandFailure('required flag(s) "max" not set')
  const max = readInteger('--max', flags.max, 'autoscale') ?? -1
  const min = readInteger('--min', flags.min, 'autoscale') ?? -1
  if (max < 1)
    throw new CommandFailure(`--max=MAXPODS is required and must be at least 1, max: ${max}`)
  if (max < min)
    throw new CommandFailure(
      `--max=MAXPODS must be larger or equal to --min=MINPODS, max: ${max}, min: ${min}`,
    )
  return [min, max, readInteger('--cpu-percent', flags.cpuPercent, 'autoscale') ?? -1]
}
