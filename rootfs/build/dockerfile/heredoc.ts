import { rawWords } from './raw-words.ts'

/** The beginning of a heredoc: `<<NAME`, `<<-NAME`, `<<"NAME"`. */
export interface HeredocStart {
  readonly name: string
  /** `<<-`: leading tabs are dropped. */
  readonly chomp: boolean
  /** False where the name is quoted: variables in the content stay as they are. */
  readonly expand: boolean
}

export interface Heredoc extends HeredocStart {
  /** Lines as written, each with its newline. */
  readonly content: string
}

/** Read a word as the beginning of a heredoc on standard input; undefined where it is none. */
export function parseHeredocStart(word: string): HeredocStart | undefined {
  const match = /^0?<<(-?)([^<]+)$/s.exec(word)
  const rest = match?.[2]
  if (rest === undefined) return undefined
  const name = rest.replaceAll(/["'\\]/g, '')
  if (name === '' || /\s/.test(name)) return undefined
  return { name, chomp: match?.[1] === '-', expand: name === rest }
}

/** The heredocs that a line begins, in order. */
export function heredocsOfLine(text: string, escape: string): HeredocStart[] {
  if (!text.includes('<<')) return []
  return rawWords(text, escape).flatMap(({ text: word }) => parseHeredocStart(word) ?? [])
}

/** Content without the tabs that `<<-` drops. */
export function chompHeredoc({ chomp, content }: Heredoc): string {
  return chomp ? content.replaceAll(/^\t+/gm, '') : content
}
