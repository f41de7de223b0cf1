import type { InstructionSource } from './source.ts'

// The instructions of a Dockerfile as data, variables not yet expanded.

interface Node<Kind extends string> {
  readonly kind: Kind
  readonly source: InstructionSource
}

export interface NamedValue {
  readonly name: string
  readonly value: string
}

/** A JSON array of words, or one line for the shell. */
export type CommandLine =
  | { readonly form: 'exec'; readonly words: readonly string[] }
  | { readonly form: 'shell'; readonly line: string }

/** Part of a flag's value with its place, so that a complaint about it can point at it. */
export interface FlagText {
  readonly value: string
  readonly offset: number
  readonly length: number
}

/** A file whose content stands in the Dockerfile. */
export interface InlineFile {
  readonly name: string
  readonly content: string
  /** Whether variables in the content are expanded. */
  readonly expand: boolean
}

export interface FromInstruction extends Node<'from'> {
  readonly image: string
  readonly platform: string | undefined
  /** In lower case. */
  readonly name: string | undefined
}
export interface ArgInstruction extends Node<'arg'> {
  readonly args: readonly { readonly name: string; readonly value: string | undefined }[]
}
export interface EnvInstruction extends Node<'env'> {
  readonly pairs: readonly NamedValue[]
}
export interface LabelInstruction extends Node<'label'> {
  readonly pairs: readonly NamedValue[]
}
export interface RunInstruction extends Node<'run'> {
  readonly command: CommandLine
  /** A heredoc that is a script with its own "#!": it is run as a file. */
  readonly script: InlineFile | undefined
  readonly mounts: readonly FlagText[]
  readonly network: FlagText | undefined
  readonly security: FlagText | undefined
}
export interface CopyInstruction extends Node<'copy' | 'add'> {
  readonly sources: readonly string[]
  readonly inline: readonly InlineFile[]
  readonly destination: string
  readonly from: FlagText | undefined
  readonly chown: FlagText | undefined
  readonly chmod: FlagText | undefined
  readonly link: boolean
  readonly parents: boolean
  readonly exclude: readonly string[]
  readonly checksum: FlagText | undefined
  readonly keepGitDir: boolean
  /** Absent: archives of the context are unpacked by ADD, those of URLs are not. */
  readonly unpack: boolean | undefined
}
export interface CommandInstruction extends Node<'cmd' | 'entrypoint'> {
  readonly command: CommandLine
}
export interface ShellInstruction extends Node<'shell'> {
  readonly words: readonly string[]
}
export interface ListInstruction extends Node<'expose' | 'volume'> {
  readonly values: readonly string[]
}
export interface TextInstruction extends Node<'workdir' | 'user' | 'stopsignal' | 'maintainer'> {
  readonly value: string
}
/** Durations are nanoseconds; 0 means inherit. */
export interface HealthcheckInstruction extends Node<'healthcheck'> {
  /** Absent: NONE. */
  readonly command: CommandLine | undefined
  readonly interval: number
  readonly timeout: number
  readonly startPeriod: number
  readonly startInterval: number
  readonly retries: number
}
export interface OnbuildInstruction extends Node<'onbuild'> {
  /** The instruction to run in builds on this image, as one line. */
  readonly trigger: string
}

export type Instruction =
  | FromInstruction
  | ArgInstruction
  | EnvInstruction
  | LabelInstruction
  | RunInstruction
  | CopyInstruction
  | CommandInstruction
  | ShellInstruction
  | ListInstruction
  | TextInstruction
  | HealthcheckInstruction
  | OnbuildInstruction
