import {
  mkdirSync,
  readFileSync,
  readdirSync,
  readlinkSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import type { Payload } from '../../../../orchestrator/node/volumes/payload.ts'
import { writePayload } from '../../../../orchestrator/node/volumes/write-payload.ts'

function payload(files: Record<string, string>, mode = 0o644): Payload {
  return new Map(
    Object.entries(files).map(([path, text]) => [path, { data: Buffer.from(text), mode }]),
  )
}

const visible = (folder: string): string[] =>
  readdirSync(folder)
    .filter((name) => !name.startsWith('..'))
    .toSorted()

t.test('files appear through one symlink, and change together', async (t) => {
  const folder = t.testdir()
  t.equal(writePayload(folder, payload({ a: '1', 'deep/er/b': '2' })), true)
  t.equal(readlinkSync(join(folder, 'a')), '..data/a')
  t.equal(readlinkSync(join(folder, 'deep')), '..data/deep')
  t.equal(readFileSync(join(folder, 'deep/er/b'), 'utf8'), '2')
  const first = readlinkSync(join(folder, '..data'))
  t.equal(writePayload(folder, payload({ a: '1', 'deep/er/b': '2' })), false, 'nothing to do')
  t.equal(readlinkSync(join(folder, '..data')), first)

  t.equal(writePayload(folder, payload({ a: 'new', c: '3' })), true)
  t.same(visible(folder), ['a', 'c'])
  t.equal(readFileSync(join(folder, 'a'), 'utf8'), 'new')
  t.same(
    readdirSync(folder).filter((name) => name.startsWith('..2')),
    [readlinkSync(join(folder, '..data'))],
    'earlier versions are gone',
  )
})

t.test('a mode is a change, and the umask does not count', async (t) => {
  const folder = t.testdir()
  const umask = process.umask(0o077)
  t.teardown(() => process.umask(umask))
  writePayload(folder, payload({ a: '1' }, 0o666))
  t.equal(statSync(join(folder, 'a')).mode & 0o777, 0o666)
  t.equal(writePayload(folder, payload({ a: '1' }, 0o400)), true)
  t.equal(statSync(join(folder, 'a')).mode & 0o777, 0o400)
})

t.test('what a crash left is finished', async (t) => {
  const folder = t.testdir({ '..2020_01_01_00_00_00.1': { a: 'old' } })
  mkdirSync(join(folder, '..2026_01_01_00_00_00.2'))
  writeFileSync(join(folder, '..data_tmp'), 'not even a link')
  writePayload(folder, payload({ a: 'x' }))
  t.equal(readFileSync(join(folder, 'a'), 'utf8'), 'x')
  t.equal(readdirSync(folder).filter((name) => name.startsWith('..2')).length, 1)
})

t.test('an empty volume is one too', async (t) => {
  const folder = t.testdir()
  writePayload(folder, payload({ a: 'x' }))
  writePayload(folder, payload({}))
  t.same(visible(folder), [])
})

const refused = ['', '/etc/passwd', '../up', 'a/../../up', '..data/x', '..x', 'a//b', './a', 'a\0b']

for (const path of refused)
  t.test(`refuses the path ${JSON.stringify(path)}`, async (t) => {
    const folder = t.testdir()
    t.throws(() => writePayload(folder, payload({ [path]: 'x' })), { code: 'INVALID_ARGUMENT' })
    t.same(readdirSync(folder), [])
  })
