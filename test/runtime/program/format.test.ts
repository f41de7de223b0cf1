import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import {
  FILL_MAGIC,
  FILL_MAX_SIZE,
  FLAG,
  KEPT_LIMIT,
  MAGIC,
  MONITOR_FLAG,
  OP,
  RECORD,
  SLOT_COUNT,
  VERSION,
} from '../../../runtime/program/format.ts'

const header = readFileSync(join(import.meta.dirname, '../../../native/shim/program.h'), 'utf8')

/** Value of `NAME = number` or `#define NAME number` in the header. */
function valueOf(name: string): number | undefined {
  const match = new RegExp(String.raw`\b${name}\s*=?\s+(0x[0-9a-f]+|\d+)(?:\s*<<\s*(\d+))?`).exec(
    header,
  )
  return match === null ? undefined : Number(match[1]) * 2 ** Number(match[2] ?? 0)
}

t.test('the numbers are those of the shim', async (t) => {
  const tables = { OP_: OP, RECORD_: RECORD, FLAG_: FLAG, MONITOR_: MONITOR_FLAG }
  for (const [prefix, table] of Object.entries(tables))
    for (const [name, value] of Object.entries(table))
      t.equal(valueOf(prefix + name), value, prefix + name)
  t.equal(valueOf('PROGRAM_MAGIC'), MAGIC)
  t.equal(valueOf('PROGRAM_VERSION'), VERSION)
  t.equal(valueOf('SLOT_COUNT'), SLOT_COUNT)
  t.equal(valueOf('FILL_MAGIC'), FILL_MAGIC)
  t.equal(valueOf('FILL_MAX_SIZE'), FILL_MAX_SIZE)
  t.equal(valueOf('KEPT_LIMIT'), KEPT_LIMIT)
})
