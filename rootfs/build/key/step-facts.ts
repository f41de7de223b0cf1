import { hash } from 'node:crypto'
import type { Origin } from '../graph/resolve-stages.ts'
import type { CopyStepPlan, FileStepPlan, RunStepPlan } from '../plan/planned-step.ts'

/** Something a step reads, reduced to what it is. */
export interface StepInput {
  /** For people: "files of the build context", "stage builder". */
  readonly name: string
  readonly digest: string
  /** Path → digest. Only the search for a reason wants to know. */
  readonly files?: (() => Readonly<Record<string, string>>) | undefined
}

/** Facts as they are remembered from build to build. */
export interface PastFacts extends Omit<StepFacts, 'inputs'> {
  readonly inputs: readonly PastInput[]
}

export interface PastInput {
  readonly name: string
  readonly digest: string
  /** Absent where there were too many. */
  readonly files?: Readonly<Record<string, string>> | undefined
}

/**
 * All that decides what a step makes, and nothing else: the same facts give the same key on any
 * machine, and two different facts say why a step was not cached.
 */
export interface StepFacts {
  /** Key of the step before, or what identifies the base. */
  readonly parent: string
  readonly platform: string
  /** The instruction with variables expanded and blanks made even. */
  readonly instruction: string
  /** Variables that the command sees, "NAME=value". */
  readonly variables: readonly string[]
  /** Everything else that is set: user, working folder, network. */
  readonly settings: Readonly<Record<string, string>>
  readonly inputs: readonly StepInput[]
}

/** Settings of the whole build that change what steps make. */
export interface BuildSettings {
  /** Seconds since 1970 that all times are set to; undefined: as they are. */
  readonly epoch: number | undefined
  readonly addHosts: readonly { readonly name: string; readonly address: string }[]
}

export function factsOf(
  step: FileStepPlan,
  context: {
    readonly parent: string
    readonly platform: string
    readonly settings: BuildSettings
    readonly inputs: readonly StepInput[]
  },
): StepFacts {
  const epoch = context.settings.epoch
  const time = epoch === undefined ? {} : { time: String(epoch) }
  return {
    parent: context.parent,
    platform: context.platform,
    inputs: context.inputs,
    ...(step.kind === 'run'
      ? runFacts(step, context.settings, time)
      : { instruction: instructionOf(step), variables: [], settings: time }),
  }
}

function runFacts(
  step: RunStepPlan,
  { addHosts }: BuildSettings,
  time: Record<string, string>,
): Pick<StepFacts, 'instruction' | 'variables' | 'settings'> {
  const hosts = addHosts.map(({ name, address }) => `${name}:${address}`).join(' ')
  const mounts = step.mounts.map(({ mount, origin }) =>
    // What a secret or a cache holds is no reason to run the command again.
    JSON.stringify({ ...mount, from: originText(origin) }),
  )
  return {
    instruction: `RUN ${JSON.stringify(step.command)}`,
    variables: step.env,
    settings: {
      ...time,
      workdir: step.workdir,
      ...(step.user === '' ? {} : { user: step.user }),
      ...(step.network === 'default' ? {} : { network: step.network }),
      ...(step.insecure ? { security: 'insecure' } : {}),
      ...(mounts.length === 0 ? {} : { mounts: mounts.join(' ') }),
      ...(hosts === '' ? {} : { hosts }),
      ...(step.script ? { script: step.script.content } : {}),
    },
  }
}

function instructionOf(step: Exclude<FileStepPlan, RunStepPlan>): string {
  if (step.kind === 'workdir') return `WORKDIR ${step.path} ${step.user}`.trimEnd()
  return copyInstruction(step)
}

function copyInstruction(step: CopyStepPlan): string {
  const { operands, destination, chown, chmod, link, parents, exclude, unpack, isAdd } = step
  const from = originText(step.origin)
  const flags = { from, chown, chmod, link, parents, exclude, unpack, checksum: step.checksum }
  return `${isAdd ? 'ADD' : 'COPY'} ${JSON.stringify([flags, operands, destination])}`
}

/** A stage is known by what it holds, which is an input; an image by its name for people. */
function originText(origin: Origin | undefined): string | undefined {
  return origin?.kind === 'image' ? origin.reference : origin?.kind
}

/** The cache key of a step. */
export function keyOf(facts: StepFacts): string {
  const { parent, platform, instruction, variables, settings } = facts
  const inputs = facts.inputs.map(({ digest }) => digest)
  return digestOf([parent, platform, instruction, variables, settings, inputs])
}

/** A digest of plain data. */
export function digestOf(value: unknown): string {
  return `sha256:${hash('sha256', JSON.stringify(value))}`
}
