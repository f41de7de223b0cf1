import { OperationError } from '../../native/error.ts'
import type { CommandIo } from './command-io.ts'
import type { Engine } from './engine.ts'
import type { FlagSpec } from './flag-spec.ts'
import type { ParsedFlags } from './parsed-flags.ts'

export interface Invocation {
  readonly flags: ParsedFlags
  readonly args: readonly string[]
  readonly io: CommandIo
  /** Opened on first use, so that help and mistakes cost nothing. */
  readonly engine: () => Promise<Engine>
  /** `mycontainer container ls`, for messages. */
  readonly path: string
}

export interface Command {
  /** What follows the command's name: `[OPTIONS] CONTAINER [CONTAINER...]`. */
  readonly usage: string
  readonly summary: string
  readonly flags: readonly FlagSpec[]
  readonly minimumArguments: number
  /** Absent: any number. */
  readonly maximumArguments?: number | undefined
  /** Flags may stand after arguments; false where a command line of its own follows. */
  readonly interspersed: boolean
  /** @returns the exit code */
  readonly run: (invocation: Invocation) => Promise<number>
}

/** @throws {OperationError} INVALID_ARGUMENT when there are too few or too many arguments */
export function checkArguments(command: Command, args: readonly string[], path: string): void {
  const { minimumArguments: minimum, maximumArguments: maximum = Infinity } = command
  if (args.length >= minimum && args.length <= maximum) return
  const amount = args.length < minimum ? `at least ${minimum}` : `at most ${maximum}`
  const wanted = minimum === maximum ? `exactly ${minimum}` : amount
  const noun = wanted.endsWith(' 1') ? 'argument' : 'arguments'
  const step = maximum === 0 ? `${path} accepts no arguments` : `${path} requires ${wanted} ${noun}`
  throw new OperationError(
    'INVALID_ARGUMENT',
    step,
    {},
    {
      hint: `Usage: ${path} ${command.usage}. See '${path} --help'`,
    },
  )
}
