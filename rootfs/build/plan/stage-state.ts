import type { ContainerConfig } from './image-document.ts'
import type { PlannedStep } from './planned-step.ts'
import type { LookUp } from './variables.ts'

/** A stage while its instructions are read one after the other. */
export interface StageState {
  config: ContainerConfig
  author: string | undefined
  /** ARG so far, in order; undefined: declared without a value. */
  readonly args: Map<string, string | undefined>
  /** Whether this stage has set CMD: ENTRYPOINT forgets one that was inherited. */
  hasOwnCmd: boolean
  readonly steps: PlannedStep[]
}

/** What PATH is where nothing sets it. */
export const defaultPath = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin'

/** A variable as instructions see it: what ENV set wins over ARG. */
export function lookUpIn(state: StageState): LookUp {
  return (name) =>
    environmentValue(state.config.Env ?? [], name) ??
    state.args.get(name) ??
    (name === 'PATH' ? defaultPath : undefined)
}

/** Names of all variables that are set. */
export function namesIn(state: StageState): string[] {
  const env = (state.config.Env ?? []).map((item) => item.slice(0, item.indexOf('=')))
  return [...env, ...state.args.keys()]
}

export function environmentValue(env: readonly string[], name: string): string | undefined {
  const entry = env.find((item) => item.startsWith(`${name}=`))
  return entry?.slice(name.length + 1)
}

/** The list with a variable set, in the place it had. */
export function withVariable(env: readonly string[], name: string, value: string): string[] {
  const entry = `${name}=${value}`
  const at = env.findIndex((item) => item.startsWith(`${name}=`))
  return at < 0 ? [...env, entry] : env.with(at, entry)
}

/** ARG with a value that no ENV hides. */
export function visibleArgs(state: StageState): [name: string, value: string][] {
  const env = state.config.Env ?? []
  return [...state.args].flatMap(([name, value]): [string, string][] =>
    value === undefined || environmentValue(env, name) !== undefined ? [] : [[name, value]],
  )
}

/** The words of a command line with the shell in front where it needs one. */
export function withShell(
  config: ContainerConfig,
  command: { form: 'exec'; words: readonly string[] } | { form: 'shell'; line: string },
): string[] {
  if (command.form === 'exec') return [...command.words]
  return [...(config.Shell ?? ['/bin/sh', '-c']), command.line]
}
