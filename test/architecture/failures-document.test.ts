import { readFileSync } from 'node:fs'
import t from 'tap'
import { sections } from '../integration/failures/all-cases.ts'
import { documentPath, formatDocument, wordsPath } from '../integration/failures/document.ts'
import type { RecordedWords } from '../integration/failures/failure-case.ts'

t.test('docs/failures.md says what was recorded', async (t) => {
  const words = JSON.parse(readFileSync(wordsPath, 'utf8')) as RecordedWords
  t.equal(
    readFileSync(documentPath, 'utf8'),
    formatDocument(words),
    'it is written anew by record-words.ts',
  )
  const names = sections.flatMap(({ cases }) => cases.map(({ name }) => name))
  t.equal(new Set(names).size, names.length, 'no name twice')
  t.same(names.toSorted(), Object.keys(words.cases).toSorted(), 'every case is recorded')
  for (const { cases, peers } of sections)
    for (const { name } of cases)
      t.ok(
        peers.some((peer) => words.cases[name]?.[peer]),
        `${name}: somebody else was asked`,
      )
})
