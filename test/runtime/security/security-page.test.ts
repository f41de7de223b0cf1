import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { attacks } from '../../../runtime/selftest/attacks.ts'

// docs/security.md says which test shows what: every number of the list below is on it, and every file that it
// names is there and names the number.

const checkout = join(import.meta.dirname, '../../..')
const page = readFileSync(join(checkout, 'docs/security.md'), 'utf8')

/** Weaknesses of other runtimes, engines, builders and registries that this one is attacked with. */
const known = `
2014-8989 2016-9962 2017-1002101 2018-15664 2019-5736 2019-10152 2019-14271 2019-16884 2019-18837 2019-19921
2020-1726 2020-8558 2020-14370 2020-15257 2021-3602 2021-20199 2021-20291 2021-25741 2021-30465 2021-32760 2021-41103
2021-41190 2021-43784 2022-0492 2022-1227 2022-23648 2022-24769 2022-27649 2022-27650 2022-29162 2022-36109 2022-39253
2023-0778 2023-25809 2023-27561 2023-28642 2024-1753 2024-3727 2024-9341 2024-9407 2024-9675 2024-9676 2024-11218
2024-21626 2024-23651 2024-23652 2024-23653 2024-25621 2024-40635 2024-45310 2025-24965 2025-31133 2025-52565 2025-52881
2026-30892 2026-31431 2026-41567 2026-41579 2026-42306 2026-46680 2026-47766 2026-50195 2026-53488 2026-53492`
  .trim()
  .split(/\s+/)
  .map((number) => `CVE-${number}`)
const advisories = ['GHSA-jq35-85cj-fj4p', 'GHSA-6fw5-f8r9-fgfm', 'GHSA-4c29-8rgm-jvjj']

const rows = page
  .split('\n')
  .filter((line) => line.startsWith('| ') && !line.startsWith('|---'))
  .map((line) =>
    line
      .slice(1, -1)
      .split('|')
      .map((cell) => cell.trim()),
  )

/** Tests that a cell names: those of test/integration without their folder. */
function filesOf(cell: string): string[] {
  return [...cell.matchAll(/`([\w./-]+)`/g)].map(([, name = '']) =>
    name.includes('/') ? name : `test/integration/${name}.test.ts`,
  )
}

const numbersOf = (cell: string): string[] => cell.match(/CVE-\d+-\d+|GHSA(?:-\w{4}){3}/g) ?? []

t.test('every number of the list is on the page', async (t) => {
  for (const number of [...known, ...advisories])
    t.ok(
      rows.some(([cell = '']) => numbersOf(cell).includes(number)),
      number,
    )
})

t.test('every file that the page names is there, and names the number', async (t) => {
  for (const [cell = '', , tests = ''] of rows) {
    const numbers = numbersOf(cell)
    if (numbers.length === 0) continue
    // After a semicolon come files that attack without a number.
    const named = filesOf(tests.split(';')[0] ?? '')
    t.ok(named.length > 0, `${cell}: has a test`)
    for (const file of filesOf(tests)) t.ok(existsSync(join(checkout, file)), file)
    for (const number of numbers)
      t.ok(
        named.some((file) => readFileSync(join(checkout, file), 'utf8').includes(number)),
        `${number}: ${named.join(', ')}`,
      )
    for (const file of named) {
      const text = readFileSync(join(checkout, file), 'utf8')
      t.ok(
        numbers.some((number) => text.includes(number)),
        `${file}: one of ${numbers.join(', ')}`,
      )
    }
  }
})

t.test('every claim of the defaults has a test that is there', async (t) => {
  const from = rows.findIndex(([cell]) => cell === 'defence')
  const claims = rows.slice(
    from + 1,
    rows.findIndex(([cell]) => cell === 'level'),
  )
  t.ok(claims.length > 12)
  for (const [claim = '', , tests = ''] of claims) {
    t.ok(filesOf(tests).length > 0, `${claim}: has a test`)
    for (const file of filesOf(tests)) t.ok(existsSync(join(checkout, file)), file)
  }
})

t.test('what selftest attacks with is on the page, but for faults of the kernel', async (t) => {
  const numbers = new Set(attacks.flatMap((attack) => attack.known))
  numbers.delete('CVE-2022-0185') // Of the kernel: a mount in a new user namespace, which the filter refuses.
  for (const number of numbers) t.ok(page.includes(number), number)
})
