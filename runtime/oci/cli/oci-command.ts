import type { FlagSpec } from '../../cli/flag-spec.ts'
import type { ParsedFlags } from '../../cli/parsed-flags.ts'
import type { Caller } from '../caller.ts'
import type { OciLog } from '../oci-log.ts'
import type { GlobalFlags } from './global-flags.ts'

/** One use of a command. */
export interface OciCall {
  readonly flags: ParsedFlags
  readonly args: readonly string[]
  readonly globals: GlobalFlags
  readonly caller: Caller
  readonly log: OciLog
  readonly env: NodeJS.ProcessEnv
  /** To standard output. */
  readonly print: (text: string) => void
}

export interface OciCommand {
  /** What follows the name, for the help text. */
  readonly usage: string
  readonly summary: string
  readonly flags: readonly FlagSpec[]
  readonly minimumArguments: number
  readonly maximumArguments: number
  /** Whether flags may follow arguments. Default true. */
  readonly interspersed?: boolean
  /** @returns the exit code */
  run(call: OciCall): Promise<number>
}
