import type { OnbuildInstruction } from '../dockerfile/instruction.ts'
import type { StageInstruction } from '../dockerfile/parse-dockerfile.ts'
import { parseTrigger } from '../dockerfile/parse-dockerfile.ts'
import { type ResolvedStage, type ResolvedStages, resolveFrom } from '../graph/resolve-stages.ts'
import {
  applyCommand,
  applyEnv,
  applyHealthcheck,
  applyLabel,
  applyList,
  applyText,
} from './apply-config.ts'
import type { InstructionSource } from '../dockerfile/source.ts'
import type { ContainerConfig } from './image-document.ts'
import { planCopy } from './plan-copy.ts'
import { planRun } from './plan-run.ts'
import type { PlannedStage, PlannedStep } from './planned-step.ts'
import { platformVariables, type Platform } from './platform.ts'
import { type StageState, lookUpIn, namesIn } from './stage-state.ts'
import { type Expander, evaluateArg, expanderOf } from './variables.ts'

export interface PlanScope {
  readonly resolved: ResolvedStages
  readonly escape: string
  readonly buildArgs: ReadonlyMap<string, string>
  readonly buildPlatform: Platform
  readonly network: 'default' | 'none' | 'host'
  readonly allowInsecure: boolean
  /** Told of variables that nothing has set. */
  readonly onUnset?: ((name: string, place: UnsetPlace) => void) | undefined
}

export interface UnsetPlace {
  readonly source: InstructionSource
  /** Names that are set there. */
  readonly known: readonly string[]
}

/** What a stage begins with. */
export interface StageBase {
  readonly config: ContainerConfig
  readonly author: string | undefined
  /** For messages about its triggers. */
  readonly name: string
}

/**
 * Work out a stage: variables, the configuration after its last instruction, and the steps that
 * change files. Nothing is read but the instructions and the base's configuration.
 *
 * @throws {DockerfileError}
 */
export function planStage(
  { stage, title, platform, base }: ResolvedStage,
  from: StageBase,
  scope: PlanScope,
): PlannedStage {
  const { OnBuild: triggers = [], ...config } = from.config
  const state: StageState = {
    config,
    author: from.author,
    args: new Map(),
    hasOwnCmd: false,
    steps: [],
  }
  const context = { ...scope, index: stage.index, platform }
  for (const trigger of triggers) applyInstruction(state, parseTrigger(trigger, from.name), context)
  for (const instruction of stage.instructions) applyInstruction(state, instruction, context)
  return {
    index: stage.index,
    title,
    platform,
    base,
    steps: state.steps,
    config: state.config,
    author: state.author,
    declaredArgs: new Set(state.args.keys()),
  }
}

interface StageContext extends PlanScope {
  readonly index: number
  readonly platform: Platform
}

function applyInstruction(state: StageState, node: StageInstruction, context: StageContext): void {
  const { source } = node
  const onUnset = (name: string): void =>
    // An ARG without a value is meant to be empty.
    state.args.has(name) ? undefined : context.onUnset?.(name, { source, known: namesIn(state) })
  const expander = expanderOf(source, context.escape, lookUpIn(state), onUnset)
  const step = planInstruction(state, node, { ...context, expander })
  if (step) state.steps.push(step)
}

type InstructionContext = StageContext & { readonly expander: Expander }

function planInstruction(
  state: StageState,
  node: StageInstruction,
  context: InstructionContext,
): PlannedStep | undefined {
  const { expander, resolved, index } = context
  const { source } = node
  const config = (createdBy: string): PlannedStep => ({ kind: 'config', source, createdBy })
  const resolve = (from: { value: string; offset: number; length: number }) =>
    resolveFrom(resolved.stages, index, { source, from })
  switch (node.kind) {
    case 'arg':
      return config(declareArgs(state, node, context))
    case 'env':
      return config(applyEnv(state, node, expander))
    case 'label':
      return config(applyLabel(state, node, expander))
    case 'cmd':
    case 'entrypoint':
      return config(applyCommand(state, node))
    case 'expose':
    case 'volume':
      return config(applyList(state, node, expander))
    case 'healthcheck':
      return config(applyHealthcheck(state, node))
    case 'shell':
      state.config = { ...state.config, Shell: node.words }
      return config(`SHELL [${node.words.join(' ')}]`)
    case 'onbuild':
      addTrigger(state, node)
      return undefined
    case 'user':
    case 'stopsignal':
    case 'maintainer':
      return config(applyText(state, node, expander))
    case 'workdir': {
      const createdBy = applyText(state, node, expander)
      const path = state.config.WorkingDir ?? '/'
      const user = state.config.User ?? ''
      return path === '/' ? config(createdBy) : { kind: 'workdir', source, createdBy, path, user }
    }
    case 'run':
      return planRun(state, node, { ...context, resolve })
    case 'copy':
    case 'add': {
      const origin = node.from && resolve(node.from)
      return planCopy(node, { expander, workdir: state.config.WorkingDir ?? '/', origin })
    }
  }
}

function declareArgs(
  state: StageState,
  node: Extract<StageInstruction, { kind: 'arg' }>,
  { expander, buildArgs, resolved, platform, buildPlatform }: InstructionContext,
): string {
  // The stage's own platform, not that of the whole build.
  const own = platformVariables(platform, buildPlatform)
  const outer = (name: string): string | undefined => own.get(name) ?? resolved.outer(name)
  const args = evaluateArg(node, expander, { given: buildArgs, outer })
  for (const { name, value } of args) state.args.set(name, value)
  const texts = args.map(({ name, value }) => (value === undefined ? name : `${name}=${value}`))
  return `ARG ${texts.join(' ')}`
}

function addTrigger(state: StageState, node: OnbuildInstruction): void {
  state.config = { ...state.config, OnBuild: [...(state.config.OnBuild ?? []), node.trigger] }
}
