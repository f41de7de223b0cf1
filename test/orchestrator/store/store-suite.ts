import t, { type Test } from 'tap'
import type { Store, StoreEvent } from '../../../orchestrator/store/store.ts'

/** A store of a backend, empty at first; `reopen` closes it and opens what it kept. */
export interface StoreUnderTest {
  readonly store: Store
  reopen(): Promise<Store>
  readonly remove: () => Promise<void>
}

const compact = (events: readonly StoreEvent[]) =>
  events.map(({ type, key, value, previous }) => [type, key, value, previous?.value])

async function collect(store: Store, prefix: string, after: number) {
  const events: StoreEvent[] = []
  let wake: () => void = () => undefined
  const watch = await store.watch(prefix, after, {
    onEvents: (more) => {
      events.push(...more)
      wake()
    },
  })
  const until = async (count: number) => {
    while (events.length < count) await new Promise<void>((resolve) => (wake = resolve))
    return events
  }
  return { events, until, stop: () => watch.stop() }
}

/** The contract of `Store`, run against whatever `open` gives. */
export function runStoreSuite(name: string, open: () => Promise<StoreUnderTest>): void {
  const test = (
    title: string,
    body: (t: Test, store: Store, under: StoreUnderTest) => Promise<void>,
  ) =>
    t.test(`${name}: ${title}`, async (t) => {
      const under = await open()
      t.teardown(() => under.remove())
      await body(t, under.store, under)
    })

  test('a write is read back, with a growing revision', async (t, store) => {
    const first = await store.create('/a/x', '1')
    const second = await store.create('/a/y', '2')
    t.ok(second > first)
    t.equal(await store.currentRevision(), second)
    t.same(await store.get('/a/x'), { key: '/a/x', value: '1', revision: first })
    t.equal(await store.get('/a/z'), undefined)
  })

  test('create refuses a key that exists, and takes one that was deleted', async (t, store) => {
    const made = await store.create('/a/x', '1')
    await t.rejects(store.create('/a/x', '2'), { code: 'ALREADY_EXISTS' })
    await store.delete('/a/x', made)
    await store.create('/a/x', '3')
    t.match(await store.get('/a/x'), { value: '3' })
  })

  test('update and delete compare the revision', async (t, store) => {
    const made = await store.create('/a/x', '1')
    const updated = await store.update('/a/x', '2', made)
    await t.rejects(store.update('/a/x', '3', made), { code: 'CONFLICT' })
    await t.rejects(store.delete('/a/x', made), { code: 'CONFLICT' })
    await t.rejects(store.update('/a/y', '3', made), { code: 'NOT_FOUND' })
    await store.delete('/a/x', updated)
    await t.rejects(store.delete('/a/x', updated), { code: 'NOT_FOUND' })
  })

  test('of writers that race, one wins', async (t, store) => {
    const made = await store.create('/a/x', '0')
    const tries = [1, 2, 3, 4].map((n) => store.update('/a/x', String(n), made))
    const results = await Promise.allSettled(tries)
    t.equal(results.filter(({ status }) => status === 'fulfilled').length, 1)
    t.match(await store.get('/a/x'), { value: '1' })
  })

  test('a list has the keys of a prefix in order, in pages', async (t, store) => {
    for (const key of ['/a/c', '/a/a', '/ab/x', '/a/b', '/b/a']) await store.create(key, key)
    const all = await store.list('/a/')
    t.same(
      all.entries.map(({ key }) => key),
      ['/a/a', '/a/b', '/a/c'],
    )
    const page = await store.list('/a/', { limit: 2 })
    t.same([page.entries.length, page.remaining], [2, 1])
    const rest = await store.list('/a/', { limit: 2, after: '/a/b', revision: page.revision })
    t.same(
      rest.entries.map(({ key }) => key),
      ['/a/c'],
    )
    t.equal(rest.remaining, 0)
  })

  test('a list at an old revision shows what was then', async (t, store) => {
    const x = await store.create('/a/x', 'x1')
    const then = await store.create('/a/y', 'y1')
    await store.update('/a/x', 'x2', x)
    await store.delete('/a/y', then)
    await store.create('/a/z', 'z1')
    const { entries, revision } = await store.list('/a/', { revision: then })
    t.same(
      entries.map(({ value }) => value),
      ['x1', 'y1'],
    )
    t.equal(revision, then)
    const page = await store.list('/a/', { revision: then, limit: 1 })
    t.same([page.entries.length, page.remaining], [1, 1])
    await t.rejects(store.list('/a/', { revision: 1_000 }), { code: 'INVALID_ARGUMENT' })
  })

  test('a watch tells what happened and what happens', async (t, store) => {
    const before = await store.create('/a/x', '1')
    const updated = await store.update('/a/x', '2', before)
    const seen = await collect(store, '/a/', before)
    await store.create('/b/y', 'elsewhere')
    await store.delete('/a/x', updated)
    t.same(compact(await seen.until(2)), [
      ['put', '/a/x', '2', '1'],
      ['delete', '/a/x', '2', '2'],
    ])
    seen.stop()
    await store.create('/a/z', '3')
    t.equal(seen.events.length, 2)
  })

  test('compaction forgets the past and keeps the present', async (t, store) => {
    const first = await store.create('/a/x', '1')
    const second = await store.update('/a/x', '2', first)
    const kept = await store.create('/a/y', 'y')
    await store.update('/a/x', '3', second)
    await store.compact(kept)
    await t.rejects(store.list('/a/', { revision: second }), { code: 'EXPIRED' })
    await t.rejects(store.watch('/a/', first, { onEvents: () => undefined }), { code: 'EXPIRED' })
    const { entries } = await store.list('/a/', { revision: kept })
    t.same(
      entries.map(({ value }) => value),
      ['2', 'y'],
    )
    const seen = await collect(store, '/a/', kept)
    t.same(compact(await seen.until(1)), [['put', '/a/x', '3', '2']])
    t.same(
      (await store.list('/a/')).entries.map(({ value }) => value),
      ['3', 'y'],
    )
  })

  test('what was written is there after closing', async (t, store, under) => {
    const made = await store.create('/a/x', '1')
    await store.update('/a/x', '2', made)
    const again = await under.reopen()
    t.match(await again.get('/a/x'), { value: '2' })
    const seen = await collect(again, '/a/', made)
    t.same(compact(await seen.until(1)), [['put', '/a/x', '2', '1']])
    t.ok((await again.create('/a/y', 'y')) > made + 1)
  })
}
