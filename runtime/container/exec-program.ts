import { encodeProgram } from '../program/encode.ts'
import { compileExec } from '../program/compile-exec.ts'
import type { CompileExecInput } from '../program/compile-input.ts'
import type { Config } from '../spec/config.ts'

interface Template {
  readonly bytes: Uint8Array
  /** Where in them the id stands. */
  readonly places: readonly number[]
}

/** By the configuration of a running container, which is one object for as long as it runs, then by all else. */
const templates = new WeakMap<Config, Map<string, Template>>()
const templateLimit = 16

/**
 * The program that executes another one in a running container, for the shim. Two for the same thing differ in their id
 * alone, which always has the same length: the second is a copy of the first with the other id in its place.
 *
 * @param input whose process differs from its configuration's in arguments, environment, folder, user, terminal and
 *   capabilities at most
 * @throws {OperationError} as `compileExec`
 */
export function encodeExec(input: CompileExecInput): Uint8Array {
  const kind = kindOf(input)
  const known = templates.get(input.config) ?? new Map<string, Template>()
  const template = known.get(kind)
  if (template !== undefined) return fillIn(template, input.id)
  const bytes = encodeProgram(compileExec(input), { reasons: false })
  if (known.size >= templateLimit) known.delete(known.keys().next().value ?? '')
  // Whoever hands the program over writes into it.
  known.set(kind, { bytes: bytes.slice(), places: placesOf(bytes, input.id) })
  templates.set(input.config, known)
  return bytes
}

function kindOf({ config: _config, host: _host, process, ...rest }: CompileExecInput): string {
  const { args, env, cwd, user, terminal, capabilities } = process
  const own = [rest, args, env, cwd, user, terminal, capabilities]
  return JSON.stringify(own).replaceAll(rest.id, '')
}

function placesOf(program: Uint8Array, id: string): number[] {
  const bytes = Buffer.from(program.buffer, program.byteOffset, program.byteLength)
  const places: number[] = []
  for (let at = bytes.indexOf(id); at >= 0; at = bytes.indexOf(id, at + id.length)) places.push(at)
  return places
}

function fillIn({ bytes, places }: Template, id: string): Uint8Array {
  const copy = bytes.slice()
  const text = Buffer.from(copy.buffer)
  for (const place of places) text.write(id, place, 'latin1')
  return copy
}
