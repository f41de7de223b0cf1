import { compileExec } from '../program/compile-exec.ts'
import type { CompileExecInput } from '../program/compile-input.ts'
import { encodeProgram } from '../program/encode.ts'
import {
  type FilledProgram,
  type ProgramTemplate,
  makeTemplate,
} from '../program/program-template.ts'
import type { Config } from '../spec/config.ts'

/** By the configuration of a running container, which is one object for as long as it runs, then by all else. */
const templates = new WeakMap<Config, Map<string, ProgramTemplate>>()
const templateLimit = 16

/**
 * The program that executes another one in a running container, for the shim. Two for the same thing differ in their id
 * alone, which always has the same length: the second is the first with the other id in its place.
 *
 * @param input whose process differs from its configuration's in arguments, environment, folder, user, terminal and
 *   capabilities at most
 * @throws {OperationError} as `compileExec`
 */
export function execProgram(input: CompileExecInput): FilledProgram {
  const kind = kindOf(input)
  const known = templates.get(input.config) ?? new Map<string, ProgramTemplate>()
  const values = [Buffer.from(input.id)]
  const template = known.get(kind)
  if (template !== undefined) return { template, values }
  const made = makeTemplate(encodeProgram(compileExec(input), { reasons: false }), values)
  if (known.size >= templateLimit) known.delete(known.keys().next().value ?? '')
  known.set(kind, made)
  templates.set(input.config, known)
  return { template: made, values }
}

function kindOf({ config: _config, host: _host, process, ...rest }: CompileExecInput): string {
  const { args, env, cwd, user, terminal, capabilities } = process
  const own = [rest, args, env, cwd, user, terminal, capabilities]
  return JSON.stringify(own).replaceAll(rest.id, '')
}
