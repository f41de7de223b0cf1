import { join } from 'node:path'
import { sections, type Section } from './all-cases.ts'
import type { RecordedWords, Words } from './failure-case.ts'

export const wordsPath = join(import.meta.dirname, 'words.json')
export const documentPath = join(import.meta.dirname, '../../../docs/failures.md')

const introduction = `# What is said about failures

Broken configurations, images and files, and what each program says about them: its exit code, then its words. Ours name the
cause and what to do about it in one line; test/integration/explains-failures.test.ts asserts both for every row. A dash
stands where a program has no such thing. \`…\` is a folder of the host, \`ID\` a digest or identifier, \`PORT\` a port number.

This file is written by \`node test/integration/failures/record-words.ts\`, which asks all of them; with \`own\` behind it only
our words are asked for anew.
`

/** The tables of docs/failures.md. */
export function formatDocument({ versions, cases }: RecordedWords): string {
  const asked = Object.entries(versions).map(([name, version]) => `${name} ${version}`)
  const count = sections.reduce((sum, section) => sum + section.cases.length, 0)
  const tables = sections.map((section) => formatSection(section, cases))
  const facts = `${count} cases. The others are ${asked.join(', ')}.`
  return [introduction, facts, ...tables].join('\n').replace(/\n*$/, '\n')
}

function formatSection(section: Section, cases: RecordedWords['cases']): string {
  const columns = [...section.peers, 'ours']
  const lines = section.cases.map(({ name }) => [
    name,
    ...columns.map((column) => formatWords(cases[name]?.[column])),
  ])
  const rows = [['case', ...columns], columns.concat('').map(() => '---'), ...lines]
  const table = rows.map((cells) => `| ${cells.join(' | ')} |`).join('\n')
  return `\n## ${section.title}\n\n${table}\n`
}

/** Long enough for every cause; what follows are lists and usage texts. */
const longest = 420

function formatWords(words: Words | undefined): string {
  if (!words) return '—'
  const line = words.text.replaceAll(/\s+/g, ' ')
  const shown = line.length > longest ? `${line.slice(0, longest)} …` : line
  return `${words.exitCode}: ${escape(shown)}`
}

const escape = (text: string): string =>
  text.replaceAll(/[\\|<>*_`[\]]/g, (mark) => `\\${mark}`).replaceAll(/(?<=\w):\/\//g, '&#58;//')
