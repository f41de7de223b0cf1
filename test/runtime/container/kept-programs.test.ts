import t from 'tap'
import { KeptPrograms } from '../../../runtime/container/kept-programs.ts'
import {
  FILL_MAGIC,
  FILL_MAX_SIZE,
  KEEP_OFFSET,
  KEPT_LIMIT,
} from '../../../runtime/program/format.ts'
import { type ProgramTemplate, makeTemplate } from '../../../runtime/program/program-template.ts'

function template(size: number): ProgramTemplate {
  const program = Buffer.alloc(100 + size)
  const mark = Buffer.alloc(size, 3)
  program.set(mark, 100)
  return makeTemplate(program, [mark])
}

function isFill(bytes: Uint8Array): boolean {
  return Buffer.from(bytes).readUInt32LE(0) === FILL_MAGIC
}

t.test('the first goes whole, the next as what is different', async (t) => {
  const kept = new KeptPrograms()
  const one = template(8)
  const values = [Buffer.from('12345678')]
  const first = kept.encode({ template: one, values })
  t.equal(first.length, 108)
  t.equal(first[KEEP_OFFSET], 1)
  const second = kept.encode({ template: one, values })
  t.ok(isFill(second))
  t.ok(Buffer.from(second).includes('12345678'))
})

t.test('what is longer than a zygote takes goes whole each time', async (t) => {
  const kept = new KeptPrograms()
  const long = template(FILL_MAX_SIZE)
  const values = [Buffer.alloc(FILL_MAX_SIZE, 'x')]
  for (let count = 0; count < 3; count += 1) {
    const bytes = kept.encode({ template: long, values })
    t.equal(bytes.length, 100 + FILL_MAX_SIZE)
    t.equal(bytes[KEEP_OFFSET], 1)
  }
})

t.test('the one used longest ago gives its number to the next', async (t) => {
  const kept = new KeptPrograms()
  const values = [Buffer.from('12345678')]
  const all = Array.from({ length: KEPT_LIMIT }, () => template(8))
  for (const each of all) kept.encode({ template: each, values })
  kept.encode({ template: all[0]!, values })
  t.equal(kept.encode({ template: template(8), values })[KEEP_OFFSET], 2)
  t.ok(isFill(kept.encode({ template: all[0]!, values })))
  t.notOk(isFill(kept.encode({ template: all[1]!, values })))
})
