import { OperationError } from '../../native/error.ts'
import type { EnabledPlugin, Plugin } from './framework.ts'
import { defaultBinder } from './plugins/default-binder.ts'
import { defaultPreemption } from './plugins/default-preemption.ts'
import { imageLocality } from './plugins/image-locality.ts'
import { interPodAffinity } from './plugins/inter-pod-affinity.ts'
import { nodeAffinity } from './plugins/node-affinity.ts'
import { nodeName } from './plugins/node-name.ts'
import { nodePorts } from './plugins/node-ports.ts'
import { nodeResourcesBalancedAllocation } from './plugins/node-resources-balanced-allocation.ts'
import { nodeResourcesFit } from './plugins/node-resources-fit.ts'
import type { FitStrategy } from './plugins/node-resources-fit.ts'
import { nodeUnschedulable } from './plugins/node-unschedulable.ts'
import { podTopologySpread } from './plugins/pod-topology-spread.ts'
import { preferGpuNodes } from './plugins/prefer-gpu-nodes.ts'
import { prioritySort } from './plugins/priority-sort.ts'
import { schedulingGates } from './plugins/scheduling-gates.ts'
import { taintToleration } from './plugins/taint-toleration.ts'
import { volumeBinding } from './plugins/volume-binding.ts'
import { volumeRestrictions } from './plugins/volume-restrictions.ts'
import { zoneSpread } from './plugins/zone-spread.ts'

export interface PluginChoice {
  /** How nodes are rated by what is left of them. Absent: LeastAllocated, which spreads; MostAllocated packs. */
  readonly fitStrategy?: FitStrategy
  /** Plugins besides the usual ones; `ZoneSpread` or `ZoneSpread=5` with a weight. */
  readonly enable?: readonly string[]
  readonly disable?: readonly string[]
}

/** Plugins that are there and not in use unless they are named. */
const extras: readonly EnabledPlugin[] = [
  { plugin: preferGpuNodes, weight: 2 },
  { plugin: zoneSpread, weight: 2 },
]

/** In the order in which they are asked, with the weights that upstream gives them. */
function usualPlugins(strategy: FitStrategy | undefined): EnabledPlugin[] {
  const rows: [Plugin, number][] = [
    [schedulingGates, 0],
    [prioritySort, 0],
    [nodeUnschedulable, 0],
    [nodeName, 0],
    [taintToleration, 3],
    [nodeAffinity, 2],
    [nodePorts, 0],
    [nodeResourcesFit(strategy), 1],
    [volumeRestrictions, 0],
    [volumeBinding, 0],
    [podTopologySpread, 2],
    [interPodAffinity, 2],
    [defaultPreemption, 0],
    [nodeResourcesBalancedAllocation, 1],
    [imageLocality, 1],
    [defaultBinder, 0],
  ]
  return rows.map(([plugin, weight]) => ({ plugin, weight }))
}

/** @throws OperationError INVALID_ARGUMENT for a plugin that is not there */
export function choosePlugins(choice: PluginChoice = {}): EnabledPlugin[] {
  const usual = usualPlugins(choice.fitStrategy)
  const disabled = new Set(choice.disable)
  for (const name of disabled) requirePlugin(usual, name)
  const added = (choice.enable ?? []).map((text) => {
    const [name = '', weight] = text.split('=')
    const found = requirePlugin([...extras, ...usual], name)
    return { plugin: found.plugin, weight: weight === undefined ? found.weight : Number(weight) }
  })
  const names = new Set(added.map(({ plugin }) => plugin.name))
  const rest = usual.filter(({ plugin: { name } }) => !disabled.has(name) && !names.has(name))
  return [...rest, ...added]
}

function requirePlugin(plugins: readonly EnabledPlugin[], name: string): EnabledPlugin {
  const found = plugins.find(({ plugin }) => plugin.name === name)
  if (found) return found
  throw new OperationError(
    'INVALID_ARGUMENT',
    'find the scheduler plugin',
    { plugin: name },
    { hint: `There are ${plugins.map(({ plugin }) => plugin.name).join(', ')}` },
  )
}
