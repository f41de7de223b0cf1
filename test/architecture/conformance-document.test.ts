import { existsSync, readFileSync } from 'node:fs'
import t from 'tap'
import {
  type Results,
  documentPath,
  formatDocument,
  resultsPath,
} from '../conformance/conformance-document.ts'
import { ownPath, readOwnFile, readRequirements } from '../conformance/oci-requirement.ts'

const requirements = readRequirements()
const results = JSON.parse(readFileSync(resultsPath, 'utf8')) as Results

t.test('docs/conformance.md says what was seen', async (t) => {
  t.equal(
    readFileSync(documentPath, 'utf8'),
    formatDocument(results),
    'it is written anew by npm run conformance-table',
  )
})

t.test('each demand has an id of its own, and a test that passed, or a reason', async (t) => {
  const ids = requirements.map(({ id }) => id)
  t.equal(new Set(ids).size, ids.length)
  for (const { id, shown } of requirements) {
    if (shown.kind !== 'test') continue
    const { file, title } = shown
    t.ok(existsSync(ownPath(file)), `${id}: ${file}`)
    if (file.startsWith('test/conformance/'))
      t.ok(readOwnFile(file).includes(title), `${id}: ${title}`)
    t.equal(results[file]?.[title]?.ours, true, `${id} passed`)
  }
})

t.test('each row of the tables belongs to a demand', async (t) => {
  const titles = new Set(
    requirements.map(({ shown }) => (shown.kind === 'test' ? shown.title : '')),
  )
  const rows = Object.entries(results).filter(([file]) => file.startsWith('test/conformance/'))
  for (const [file, found] of rows)
    for (const title of Object.keys(found)) t.ok(titles.has(title), `${file}: ${title}`)
})
