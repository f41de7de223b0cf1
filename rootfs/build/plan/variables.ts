import { complain } from '../dockerfile/dockerfile-error.ts'
import { ExpansionError, expandWord, expandWords } from '../dockerfile/expand.ts'
import type { ArgInstruction } from '../dockerfile/instruction.ts'
import type { InstructionSource } from '../dockerfile/source.ts'

export type LookUp = (name: string) => string | undefined

/** Arguments that every RUN sees without ARG, and that neither the history nor a cache key has. */
export const predefinedArgs: ReadonlySet<string> = new Set(
  ['HTTP_PROXY', 'HTTPS_PROXY', 'FTP_PROXY', 'NO_PROXY', 'ALL_PROXY'].flatMap((name) => [
    name,
    name.toLowerCase(),
  ]),
)

/** Expands variables in words of one instruction, and complains where it stands. */
export interface Expander {
  readonly word: (text: string) => string
  /** One text may become several words, or none. */
  readonly words: (text: string) => string[]
  /** Content of a heredoc: quotes mean nothing. */
  readonly content: (text: string) => string
}

export function expanderOf(
  source: InstructionSource,
  escape: string,
  lookUp: LookUp,
  onUnset?: (name: string) => void,
): Expander {
  const guarded =
    <Result>(expand: (text: string) => Result) =>
    (text: string): Result => {
      try {
        return expand(text)
      } catch (error) {
        if (!(error instanceof ExpansionError)) throw error
        const at = source.text.indexOf(text)
        throw complain(source, {
          problem: error.message,
          expected: 'a variable such as $NAME or ${NAME:-default}',
          offset: at < 0 ? undefined : at + error.offset,
        })
      }
    }
  return {
    word: guarded((text) => expandWord(text, { escape, lookUp, onUnset })),
    words: guarded((text) => expandWords(text, { escape, lookUp, onUnset })),
    content: guarded((text) => expandWord(text, { escape, lookUp, onUnset, raw: true })),
  }
}

/** What an ARG gives: the user's value, else its default, else what stands before the first FROM. */
export interface ArgScope {
  readonly given: ReadonlyMap<string, string>
  readonly outer: LookUp
}

export function evaluateArg(
  instruction: ArgInstruction,
  expander: Expander,
  { given, outer }: ArgScope,
): { readonly name: string; readonly value: string | undefined }[] {
  return instruction.args.map(({ name, value }) => ({
    name,
    value: given.get(name) ?? (value === undefined ? outer(name) : expander.word(value)),
  }))
}
