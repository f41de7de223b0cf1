import type { InlineFile } from '../dockerfile/instruction.ts'
import type { RunMount } from '../dockerfile/parse-mount.ts'
import type { InstructionSource } from '../dockerfile/source.ts'
import type { Origin } from '../graph/resolve-stages.ts'
import type { ContainerConfig } from './image-document.ts'
import type { Platform } from './platform.ts'

interface StepBase<Kind extends string> {
  readonly kind: Kind
  readonly source: InstructionSource
  /** "created_by" of its history entry, as BuildKit writes it. */
  readonly createdBy: string
}

/** Changes the configuration only. */
export interface ConfigStep extends StepBase<'config'> {}

/** A mount with variables expanded; `origin` is what its "from" names. */
export interface PlannedMount {
  readonly mount: RunMount & { readonly target: string | undefined }
  readonly origin: Origin | undefined
}

export interface RunStepPlan extends StepBase<'run'> {
  /** Program and arguments, the shell in front already. */
  readonly command: readonly string[]
  readonly env: readonly string[]
  readonly workdir: string
  readonly user: string
  readonly network: 'default' | 'none' | 'host'
  readonly insecure: boolean
  readonly mounts: readonly PlannedMount[]
  readonly script: InlineFile | undefined
}

export type PlannedOperand =
  | { readonly kind: 'pattern'; readonly pattern: string }
  | { readonly kind: 'url'; readonly url: string }
  | { readonly kind: 'content'; readonly name: string; readonly content: string }

export interface CopyStepPlan extends StepBase<'copy'> {
  readonly isAdd: boolean
  readonly operands: readonly PlannedOperand[]
  /** Absent: the build context. */
  readonly origin: Origin | undefined
  /** Absolute; a slash at the end says "a folder". */
  readonly destination: string
  readonly chown: string | undefined
  readonly chmod: string | undefined
  readonly link: boolean
  readonly parents: boolean
  readonly exclude: readonly string[]
  readonly checksum: string | undefined
  readonly unpack: boolean | undefined
}

export interface WorkdirStepPlan extends StepBase<'workdir'> {
  /** Absolute. */
  readonly path: string
  /** Who owns what is made; empty: root. */
  readonly user: string
}

export type FileStepPlan = RunStepPlan | CopyStepPlan | WorkdirStepPlan
export type PlannedStep = ConfigStep | FileStepPlan

/** A stage with everything expanded: what its steps do, and the configuration it ends with. */
export interface PlannedStage {
  readonly index: number
  readonly title: string
  readonly platform: Platform
  readonly base: Origin
  readonly steps: readonly PlannedStep[]
  readonly config: ContainerConfig
  readonly author: string | undefined
  /** Names of build arguments that an ARG of it declared. */
  readonly declaredArgs: ReadonlySet<string>
}

/** What a step takes files from, besides what is below it and the context. */
export function originsOfPlan(step: PlannedStep): Origin[] {
  if (step.kind === 'copy') return step.origin ? [step.origin] : []
  return step.kind === 'run' ? step.mounts.flatMap(({ origin }) => origin ?? []) : []
}
