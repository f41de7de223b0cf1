import { addBuiltImage } from '../../store/add-built-image.ts'
import type { Image } from '../../store/image.ts'
import type { StoredLayer } from '../../store/layer-note.ts'
import type { Lease } from '../../store/lease.ts'
import { digestOf } from '../key/step-facts.ts'
import type { StepCache } from '../cache/step-cache.ts'
import type { HistoryEntry } from '../plan/image-document.ts'
import type { PlannedStage } from '../plan/planned-step.ts'
import type { BuildRequest } from './build-request.ts'
import type { BuiltStage } from './build-stages.ts'
import type { LoadedImage } from './load-base.ts'
import { baseImage, type PreparedBuild } from './prepare-build.ts'
import { timeText } from './report-steps.ts'

export interface FinishScope {
  readonly lease: Lease
  readonly request: BuildRequest
  readonly prepared: PreparedBuild
  readonly cache: StepCache
}

/** Enter the image that the target stage became. The same content gets the same id again. */
export async function finishImage(
  plan: PlannedStage,
  built: BuiltStage,
  scope: FinishScope,
): Promise<Image> {
  const { request } = scope
  const { layers, history } = request.squash ? await squashed(plan, built, scope) : built
  const document = configurationOf(plan, history, scope)
  const created = createdOf(document, layers, scope)
  const configuration = {
    created,
    ...document,
    history: history.map((entry) => ({ created, ...entry })),
  }
  const { annotations, format, references } = request
  return addBuiltImage(scope.lease, { layers, configuration, annotations, format, references })
}

/** One layer for all that is above the base image. The history keeps every step. */
async function squashed(
  plan: PlannedStage,
  { layers, history }: BuiltStage,
  { lease, request, prepared }: FinishScope,
): Promise<BuiltStage> {
  const image = firstImage(plan, prepared)
  const base = layers.slice(0, image.layers.length)
  const added = layers.slice(base.length)
  if (added.length < 2) return { layers, history }
  const { squashLayers } = await import('./squash-layers.ts')
  const { epoch, onEvent } = request
  const onNote = (text: string): void => onEvent({ kind: 'note', text })
  const layer = await squashLayers(lease, { base, added, epoch, onNote })
  const before = image.document.history.length
  const steps = history.map((entry, at) => {
    const { created: _, ...rest } = entry
    return at < before ? entry : { ...rest, empty_layer: true }
  })
  if (!layer) return { layers: base, history: steps }
  const merge = { created_by: 'squash', comment: `merge of ${added.length} layers` }
  return { layers: [...base, layer], history: [...steps, merge] }
}

/** Everything but times and layers. */
function configurationOf(
  plan: PlannedStage,
  history: readonly HistoryEntry[],
  { request, prepared }: FinishScope,
): Record<string, unknown> {
  const base = firstImage(plan, prepared).document
  const labels = { ...plan.config.Labels, ...request.labels }
  const config = {
    ...plan.config,
    ...(Object.keys(labels).length === 0 ? {} : { Labels: labels }),
  }
  const { architecture, variant, os } = base
  return {
    ...(plan.author === undefined ? {} : { author: plan.author }),
    architecture,
    ...(variant === undefined ? {} : { variant }),
    os,
    config,
    history,
  }
}

/** The image at the bottom of a stage. */
function firstImage(plan: PlannedStage, prepared: PreparedBuild): LoadedImage {
  if (plan.base.kind !== 'stage') return baseImage(plan, prepared.images)
  const below = prepared.stages.get(plan.base.index)
  return below ? firstImage(below, prepared) : baseImage(plan, prepared.images)
}

/** The time of the first build that gave this very image, so that it stays the same image. */
function createdOf(
  document: Record<string, unknown>,
  layers: readonly StoredLayer[],
  { request, cache }: FinishScope,
): string {
  if (request.epoch !== undefined) return timeText(request.epoch)
  const key = digestOf(['image', document, layers.map(({ diffId }) => diffId)])
  const known = request.noCache === true ? undefined : cache.find(key, '')
  if (known) return known.created
  const created = timeText(undefined)
  cache.add([key], { parentChain: '', layer: undefined, created })
  return created
}
