import { describeError } from '../../../native/error.ts'
import type { FileStepPlan, PlannedStage } from '../plan/planned-step.ts'
import type { BuildEvent } from './build-request.ts'

/** Tells what happens, with numbers and titles as BuildKit gives them. */
export interface StepReporter {
  base(stage: PlannedStage): void
  step(stage: PlannedStage, step: FileStepPlan): StepReport
  /** Something besides the steps, such as writing the image. */
  other<Result>(title: string, work: () => Promise<Result>): Promise<Result>
  /** RFC 3339, or the time that everything gets. */
  now(): string
}

export interface StepReport {
  readonly onOutput: (stream: 'stdout' | 'stderr', data: Buffer) => void
  readonly onNote: (text: string) => void
  readonly cached: () => void
  readonly done: () => void
  readonly failed: (error: unknown) => void
}

export function createReporter(
  onEvent: (event: BuildEvent) => void,
  { isSingleStage, epoch }: { isSingleStage: boolean; epoch: number | undefined },
): StepReporter {
  let last = 0
  // A failure reaches all that waited for the step; only the step itself has failed.
  const shown = new WeakSet<object>()
  const isNew = (error: unknown): boolean => {
    if (typeof error !== 'object' || error === null) return true
    return !shown.has(error) && shown.add(error) !== undefined
  }
  const begin = (title: string): number => {
    last += 1
    onEvent({ kind: 'begin', id: last, title })
    return last
  }
  const titleOf = (stage: PlannedStage, number: number, text: string): string => {
    const count = 1 + stage.steps.filter(({ kind }) => kind !== 'config').length
    const name = isSingleStage ? '' : `${stage.title} `
    return `[${name}${number}/${count}] ${text}`
  }
  return {
    base(stage) {
      const { base } = stage
      if (base.kind === 'stage') return
      const name = base.kind === 'image' ? base.reference : 'scratch'
      onEvent({ kind: 'done', id: begin(titleOf(stage, 1, `FROM ${name}`)) })
    },
    step(stage, step) {
      const files = stage.steps.filter(({ kind }) => kind !== 'config')
      const text = step.source.text.replaceAll(/\s+/g, ' ')
      const id = begin(titleOf(stage, files.indexOf(step) + 2, text))
      return {
        onOutput: (stream, data) => onEvent({ kind: 'output', id, stream, data }),
        onNote: (note) => onEvent({ kind: 'note', text: note }),
        cached: () => onEvent({ kind: 'cached', id }),
        done: () => onEvent({ kind: 'done', id }),
        failed: (error) =>
          onEvent(
            isNew(error)
              ? { kind: 'failed', id, message: describeError(error) }
              : { kind: 'cancelled', id },
          ),
      }
    },
    async other(title, work) {
      const id = begin(title)
      const result = await work()
      onEvent({ kind: 'done', id })
      return result
    },
    now: () => timeText(epoch),
  }
}

/** RFC 3339 of an epoch, or of this moment. */
export function timeText(epoch: number | undefined): string {
  return new Date(epoch === undefined ? Date.now() : epoch * 1000)
    .toISOString()
    .replace('.000Z', 'Z')
}
