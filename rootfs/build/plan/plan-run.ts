import { posix } from 'node:path'
import { complain } from '../dockerfile/dockerfile-error.ts'
import type { RunInstruction } from '../dockerfile/instruction.ts'
import { parseMount } from '../dockerfile/parse-mount.ts'
import type { Origin } from '../graph/resolve-stages.ts'
import type { PlannedMount, RunStepPlan } from './planned-step.ts'
import { type StageState, visibleArgs, withShell } from './stage-state.ts'
import type { Expander } from './variables.ts'

export interface RunScope {
  readonly expander: Expander
  /** Of the command line, for RUN without its own. */
  readonly network: RunStepPlan['network']
  readonly allowInsecure: boolean
  readonly resolve: (from: { value: string; offset: number; length: number }) => Origin
}

/** RUN with everything expanded. The command itself is not: that is the shell's work. */
export function planRun(state: StageState, node: RunInstruction, scope: RunScope): RunStepPlan {
  const { config } = state
  const command = withShell(config, node.command)
  const args = visibleArgs(state).map(([name, value]) => `${name}=${value}`)
  const prefix = args.length === 0 ? [] : [`|${args.length}`, ...args]
  const network = node.network ? scope.expander.word(node.network.value) : scope.network
  return {
    kind: 'run',
    source: node.source,
    createdBy: `RUN ${[...prefix, ...command].join(' ')} # buildkit`,
    command,
    env: [...(config.Env ?? []), ...args],
    workdir: config.WorkingDir || '/',
    user: config.User ?? '',
    network: network === 'none' || network === 'host' ? network : 'default',
    insecure: isInsecure(node, scope),
    mounts: node.mounts.map((use) => planMount(state, node, scope, use)),
    script: node.script,
  }
}

function isInsecure(node: RunInstruction, scope: RunScope): boolean {
  if (!node.security || scope.expander.word(node.security.value) !== 'insecure') return false
  if (scope.allowInsecure) return true
  throw complain(node.source, {
    ...node.security,
    code: 'UNSUPPORTED',
    problem: 'an insecure RUN is not allowed',
    expected: 'myimage build --allow security.insecure',
  })
}

function planMount(
  state: StageState,
  node: RunInstruction,
  scope: RunScope,
  use: RunInstruction['mounts'][number],
): PlannedMount {
  const mount = parseMount(node.source, use, scope.expander.word)
  const workdir = state.config.WorkingDir || '/'
  const target = mount.target === undefined ? undefined : posix.resolve(workdir, mount.target)
  if (target === '/')
    throw complain(node.source, {
      ...use,
      problem: 'a mount over / would hide the image',
      expected: 'target=PATH below /',
    })
  const origin = mount.from === undefined ? undefined : scope.resolve({ ...use, value: mount.from })
  return { mount: { ...mount, target }, origin }
}
