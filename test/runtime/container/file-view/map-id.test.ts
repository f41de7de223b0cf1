import t from 'tap'
import { containerIdOf, hostIdOf } from '../../../../runtime/container/file-view/map-id.ts'

const mappings = [
  { containerID: 0, hostID: 100_000, size: 1000 },
  { containerID: 1000, hostID: 5000, size: 1 },
]

const rows: readonly (readonly [title: string, container: number, host: number | undefined])[] = [
  ['the first of a row', 0, 100_000],
  ['the last of a row', 999, 100_999],
  ['a row of one', 1000, 5000],
  ['an id that no row has', 1001, undefined],
]

for (const [title, container, host] of rows)
  t.test(title, async (t) => {
    t.equal(hostIdOf(mappings, container), host)
    if (host !== undefined) t.equal(containerIdOf(mappings, host), container)
  })

t.test('without a mapping, ids are as they are', async (t) => {
  t.equal(hostIdOf([], 7), 7)
  t.equal(containerIdOf([], 7), 7)
})

t.test('an id of the host that is not mapped stays as it is', async (t) =>
  t.equal(containerIdOf(mappings, 7), 7),
)
