import type { Command } from './command.ts'
import type { FlagSpec } from './flag-spec.ts'

/** Folded as docker's help is; wide terminals get wider text. */
function fold(text: string, width: number): string[] {
  const lines: string[] = []
  let line = ''
  for (const word of text.split(' ')) {
    if (line !== '' && line.length + 1 + word.length > width) {
      lines.push(line)
      line = word
    } else line = line === '' ? word : `${line} ${word}`
  }
  return [...lines, line]
}

function flagHead({ name, short, kind, value }: FlagSpec): string {
  const word = value ?? (kind === 'bool' ? '' : kind)
  return `  ${short === undefined ? '   ' : `-${short},`} --${name}${word === '' ? '' : ` ${word}`}`
}

/** What `COMMAND --help` prints. */
export function commandHelp(command: Command, path: string, columns: number): string {
  const lines = [`Usage:  ${path} ${command.usage}`, '', command.summary]
  const flags = command.flags.filter((spec) => spec.hidden !== true)
  if (flags.length > 0) lines.push('', 'Options:')
  const indent = Math.max(0, ...flags.map((spec) => flagHead(spec).length)) + 3
  const width = Math.max(columns - indent, 24)
  for (const spec of flags.toSorted((a, b) => (a.name < b.name ? -1 : 1))) {
    const text = spec.default === undefined ? spec.help : `${spec.help} (default ${spec.default})`
    const [first = '', ...more] = fold(text, width)
    lines.push(flagHead(spec).padEnd(indent) + first)
    lines.push(...more.map((line) => ' '.repeat(indent) + line))
  }
  return `${lines.join('\n')}\n`
}
