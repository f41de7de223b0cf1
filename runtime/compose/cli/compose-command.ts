import type { CommandIo } from '../../cli/command-io.ts'
import type { Engine } from '../../cli/engine.ts'
import type { FlagSpec } from '../../cli/flag-spec.ts'
import type { ParsedFlags } from '../../cli/parsed-flags.ts'
import type { Session } from '../act/session.ts'

export interface ComposeInvocation {
  readonly flags: ParsedFlags
  readonly args: readonly string[]
  readonly io: CommandIo
  readonly engine: Engine
  /** The project of the files. @param services whose profiles are wanted too */
  readonly session: (services?: readonly string[]) => Promise<Session>
  /** As `session`, but a project of which only its containers are left will do. */
  readonly sessionOrRemains: () => Promise<Session>
  /** Flags before the command: `--project-name` and so on. */
  readonly globals: ParsedFlags
}

export interface ComposeCommand {
  readonly usage: string
  readonly summary: string
  readonly flags: readonly FlagSpec[]
  readonly minimumArguments: number
  readonly maximumArguments?: number | undefined
  readonly interspersed: boolean
  readonly run: (invocation: ComposeInvocation) => Promise<number>
}
