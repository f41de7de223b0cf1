import { complain, DockerfileError } from './dockerfile-error.ts'
import type { ArgInstruction, FromInstruction, Instruction } from './instruction.ts'
import { parseInstruction } from './parse-instruction.ts'
import { type Directives, readDirectives } from './read-directives.ts'
import type { SourceFile } from './source.ts'
import { splitInstructions } from './split-instructions.ts'

/** An instruction that stands in a stage. */
export type StageInstruction = Exclude<Instruction, FromInstruction>

export interface DockerfileStage {
  /** Position among the stages, from 0. */
  readonly index: number
  readonly from: FromInstruction
  readonly instructions: readonly StageInstruction[]
}

export interface Dockerfile {
  readonly file: SourceFile
  readonly directives: Directives
  /** ARG before the first FROM. */
  readonly globalArgs: readonly ArgInstruction[]
  readonly stages: readonly DockerfileStage[]
}

/**
 * Read a Dockerfile. Nothing is expanded, no name is resolved.
 *
 * @param name what messages call the file
 * @throws {DockerfileError} with the place of the first fault
 * @see https://docs.docker.com/reference/dockerfile/
 */
export function parseDockerfile(text: string, name: string): Dockerfile {
  const file: SourceFile = { name, lines: text.replace(/^\uFEFF/, '').split(/\r?\n/) }
  const directives = readDirectives(file)
  const globalArgs: ArgInstruction[] = []
  const stages: { index: number; from: FromInstruction; instructions: StageInstruction[] }[] = []
  for (const raw of splitInstructions(file, directives.escape)) {
    const instruction = parseInstruction(raw, directives.escape)
    const stage = stages.at(-1)
    if (instruction.kind === 'from')
      stages.push({ index: stages.length, from: instruction, instructions: [] })
    else if (stage) stage.instructions.push(instruction)
    else if (instruction.kind === 'arg') globalArgs.push(instruction)
    else
      throw complain(instruction.source, {
        problem: `${raw.keyword} stands before the first FROM`,
        expected: 'FROM, or ARG before it',
      })
  }
  if (stages.length === 0)
    throw new DockerfileError(
      file,
      { line: 1, column: 1 },
      {
        problem: 'there is no FROM in the file',
        expected: 'FROM IMAGE',
        hint: 'Use "FROM scratch" for an image without a base',
      },
    )
  return { file, directives, globalArgs, stages }
}

/** Read one instruction that an image keeps for the builds on it. @throws {DockerfileError} */
export function parseTrigger(trigger: string, image: string): StageInstruction {
  const file: SourceFile = { name: `ONBUILD of ${image}`, lines: trigger.split('\n') }
  const [raw] = splitInstructions(file, '\\')
  const instruction = raw && parseInstruction(raw, '\\')
  if (instruction && instruction.kind !== 'from' && instruction.kind !== 'onbuild')
    return instruction
  throw new DockerfileError(
    file,
    { line: 1, column: 1 },
    {
      problem: `"${trigger}" cannot be a trigger of ONBUILD`,
      length: trigger.length,
    },
  )
}
