// What a table of commands consists of. A command's module is loaded when it is the one that was asked for: the table
// itself is all that a start pays for the others.

import type { Command } from './command.ts'

export interface CommandEntry {
  readonly summary: string
  readonly load: () => Promise<Command>
}

export interface CommandGroup {
  readonly summary: string
  readonly commands: Readonly<Record<string, CommandEntry>>
}

export function entry(summary: string, load: () => Promise<Command>): CommandEntry {
  return { summary, load }
}
