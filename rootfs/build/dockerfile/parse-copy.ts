import { jsonWords } from './command-line.ts'
import { complain } from './dockerfile-error.ts'
import { type FlagKinds, type FlaggedLine, singleFlag, takeFlags } from './flags.ts'
import { chompHeredoc, parseHeredocStart } from './heredoc.ts'
import type { CopyInstruction, InlineFile } from './instruction.ts'
import { type RawWord, blankSeparated } from './raw-words.ts'
import type { RawInstruction } from './split-instructions.ts'

const common: FlagKinds = {
  chown: 'text',
  chmod: 'text',
  link: 'switch',
  exclude: 'list',
}
const copyKinds: FlagKinds = { from: 'text', ...common, parents: 'switch' }
const addKinds: FlagKinds = {
  ...common,
  checksum: 'text',
  'keep-git-dir': 'switch',
  unpack: 'switch',
}

/** COPY and ADD. */
export function parseCopy(raw: RawInstruction): CopyInstruction {
  const isAdd = raw.keyword === 'ADD'
  const line = takeFlags(raw, isAdd ? addKinds : copyKinds)
  const { sources, destination } = splitWords(raw, line)
  const isOn = (name: string): boolean | undefined => {
    const value = singleFlag(raw, line, name)?.value
    return value === undefined ? undefined : value === 'true'
  }
  const inline = inlineFiles(raw, sources)
  return {
    kind: isAdd ? 'add' : 'copy',
    source: raw.source,
    sources: inline.length === 0 ? sources : sources.filter((word) => !parseHeredocStart(word)),
    inline,
    destination,
    from: singleFlag(raw, line, 'from'),
    chown: singleFlag(raw, line, 'chown'),
    chmod: singleFlag(raw, line, 'chmod'),
    link: isOn('link') ?? false,
    parents: isOn('parents') ?? false,
    exclude: (line.flags.get('exclude') ?? []).map(({ value }) => value),
    checksum: singleFlag(raw, line, 'checksum'),
    keepGitDir: isOn('keep-git-dir') ?? false,
    unpack: isOn('unpack'),
  }
}

function splitWords(
  raw: RawInstruction,
  line: FlaggedLine,
): { sources: string[]; destination: string } {
  const json = jsonWords(raw, line.rest, line.restOffset)
  const words: RawWord[] = json
    ? json.map((text) => ({ text, offset: 0 }))
    : blankSeparated(line.rest)
  const destination = words.at(-1)
  if (!destination || words.length < 2)
    throw complain(raw.source, {
      offset: raw.source.text.length,
      problem: `${raw.keyword} lacks its ${words.length === 0 ? 'sources and destination' : 'destination'}`,
      expected: `${raw.keyword} SOURCE… DESTINATION`,
    })
  if (raw.heredocs.length > 0 && parseHeredocStart(destination.text))
    throw complain(raw.source, {
      offset: line.restOffset + destination.offset,
      length: destination.text.length,
      problem: 'a heredoc cannot be the destination',
      expected: 'a path',
    })
  return { sources: words.slice(0, -1).map(({ text }) => text), destination: destination.text }
}

function inlineFiles(raw: RawInstruction, sources: readonly string[]): InlineFile[] {
  const left = [...raw.heredocs]
  return sources.flatMap((word) => {
    const start = left.length > 0 ? parseHeredocStart(word) : undefined
    const heredoc = start && left.shift()
    return heredoc
      ? [{ name: heredoc.name, content: chompHeredoc(heredoc), expand: heredoc.expand }]
      : []
  })
}
