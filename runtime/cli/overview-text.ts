import type { CommandGroup } from './command-entry.ts'
import { commandGroups } from './command-groups.ts'
import { topCommands } from './command-table.ts'
import { imageCommands } from './image-commands.ts'

/** What people type most, first. */
const common = ['run', 'exec', 'ps', 'logs', 'stop', 'rm', 'doctor', 'version', 'info']

function list(rows: readonly (readonly [string, string])[]): string {
  return rows.map(([name, summary]) => `  ${name.padEnd(13)}${summary}\n`).join('')
}

function row(name: string): readonly [string, string] {
  return [name, topCommands[name]?.summary ?? '']
}

/** What `mycontainer --help` prints. */
export function programHelp(program: string): string {
  const others = Object.keys(topCommands).filter((name) => !common.includes(name))
  const groups = Object.entries(commandGroups).map(
    ([name, group]) => [name, group.summary] as const,
  )
  return `Usage:  ${program} [OPTIONS] COMMAND

Containers from system calls up

Common Commands:
${list(common.map(row))}
Management Commands:
${list(groups)}
Commands:
${list(others.toSorted().map(row))}
Image Commands, those of myimage:
${list(Object.entries(imageCommands))}
Global Options:
  -D, --debug              Print stack traces
      --root DIR           Keep all state under DIR
  -l, --log-level string   Set the logging level ("debug", "info", "warn", "error")
  -v, --version            Print version information and quit

Run '${program} COMMAND --help' for more information on a command.
`
}

/** What `mycontainer network --help` prints. */
export function groupHelp(path: string, { summary, commands }: CommandGroup): string {
  const rows = Object.entries(commands).map(([name, entry]) => [name, entry.summary] as const)
  return `Usage:  ${path} COMMAND

${summary}

Commands:
${list(rows)}
Run '${path} COMMAND --help' for more information on a command.
`
}
