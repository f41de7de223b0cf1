import { parseCommandLine } from './command-line.ts'
import { complain } from './dockerfile-error.ts'
import { type FlagUse, singleFlag, takeFlags } from './flags.ts'
import { type Heredoc, chompHeredoc, parseHeredocStart } from './heredoc.ts'
import type { CommandLine, InlineFile, RunInstruction } from './instruction.ts'
import { parseMount } from './parse-mount.ts'
import type { RawInstruction } from './split-instructions.ts'

const kinds = { mount: 'list', network: 'text', security: 'text' } as const
const choices: Readonly<Record<string, readonly string[]>> = {
  network: ['default', 'none', 'host'],
  security: ['sandbox', 'insecure'],
}

/** RUN in its forms: JSON, a line for the shell, a heredoc, a line with heredocs in it. */
export function parseRun(raw: RawInstruction): RunInstruction {
  const line = takeFlags(raw, kinds)
  if (line.rest === '')
    throw complain(raw.source, {
      offset: raw.source.text.length,
      problem: 'RUN lacks its command',
      expected: 'a command line, a JSON array or a heredoc',
    })
  const mounts = line.flags.get('mount') ?? []
  // Variables are expanded later; what can be checked without them is checked where it stands.
  for (const mount of mounts) parseMount(raw.source, mount)
  return {
    kind: 'run',
    source: raw.source,
    ...command(raw, line.rest, line.restOffset),
    mounts,
    network: chosen(raw, 'network', singleFlag(raw, line, 'network')),
    security: chosen(raw, 'security', singleFlag(raw, line, 'security')),
  }
}

function command(
  raw: RawInstruction,
  rest: string,
  offset: number,
): { command: CommandLine; script: InlineFile | undefined } {
  const [first] = raw.heredocs
  if (!first) return { command: parseCommandLine(raw, rest, offset), script: undefined }
  if (!parseHeredocStart(rest)) {
    // The shell handles them, as it would have in a script.
    const bodies = raw.heredocs.map((heredoc) => `\n${heredoc.content}${heredoc.name}`)
    return { command: { form: 'shell', line: rest + bodies.join('') }, script: undefined }
  }
  const content = chompHeredoc(first)
  if (!content.startsWith('#!'))
    return { command: { form: 'shell', line: content }, script: undefined }
  return scriptCommand(first, content)
}

/** Where scripts of heredocs appear while they run. */
export const scriptFolder = '/dev/pipes'

function scriptCommand(
  { name, expand }: Heredoc,
  content: string,
): { command: CommandLine; script: InlineFile } {
  const words = [`${scriptFolder}/${name}`]
  return { command: { form: 'exec', words }, script: { name, content, expand } }
}

function chosen(raw: RawInstruction, name: string, use: FlagUse | undefined): FlagUse | undefined {
  const allowed = choices[name] ?? []
  if (!use || use.value.includes('$') || allowed.includes(use.value)) return use
  throw complain(raw.source, {
    ...use,
    problem: `"${use.value}" is no value for --${name}`,
    expected: allowed.join(', '),
  })
}
