// Writes as fast as it can and prints each key when the store says that it is kept, until it is killed.
import { openSqliteStore } from '../../../../orchestrator/store/sqlite/sqlite-store.ts'

const store = openSqliteStore(process.argv[2]!)
for (let round = 0; ; round++) {
  const keys = [0, 1, 2, 3, 4].map((n) => `/${round}-${n}`)
  await Promise.all(
    keys.map(async (key) => {
      await store.create(key, 'value '.repeat(100))
      process.stdout.write(`${key}\n`)
    }),
  )
}
