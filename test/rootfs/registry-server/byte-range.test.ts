import t from 'tap'
import { readContentRange, readRange } from '../../../rootfs/registry-server/byte-range.ts'

const ranges: { header: string | undefined; size: number; want: unknown }[] = [
  { header: undefined, size: 10, want: undefined },
  { header: 'bytes=0-4', size: 10, want: { start: 0, end: 4 } },
  { header: 'bytes=5-', size: 10, want: { start: 5, end: 9 } },
  { header: 'bytes=-3', size: 10, want: { start: 7, end: 9 } },
  { header: 'bytes=-30', size: 10, want: { start: 0, end: 9 } },
  { header: 'bytes=5-99', size: 10, want: { start: 5, end: 9 } },
  { header: 'Bytes = 0 - 0', size: 10, want: { start: 0, end: 0 } },
  { header: 'bytes=10-', size: 10, want: 'unsatisfiable' },
  { header: 'bytes=-0', size: 10, want: 'unsatisfiable' },
  { header: 'bytes=0-', size: 0, want: 'unsatisfiable' },
  { header: 'bytes=5-4', size: 10, want: 'unsatisfiable' },
  { header: 'bytes=0-1,4-5', size: 10, want: undefined },
  { header: 'lines=0-4', size: 10, want: undefined },
  { header: 'bytes=-', size: 10, want: undefined },
  { header: 'bytes=0x1-2', size: 10, want: undefined },
  { header: `bytes=0-${'9'.repeat(30)}`, size: 10, want: undefined },
]

for (const { header, size, want } of ranges)
  t.test(`${header} of ${size} bytes is ${JSON.stringify(want)}`, async (t) =>
    t.same(readRange(header, size), want),
  )

const chunks: { header: string | undefined; want: unknown }[] = [
  { header: undefined, want: undefined },
  { header: '0-9', want: { start: 0, end: 9 } },
  { header: 'bytes 10-19/20', want: { start: 10, end: 19 } },
  { header: 'bytes=10-19', want: { start: 10, end: 19 } },
  { header: '9-0', want: 'malformed' },
  { header: '-9', want: 'malformed' },
  { header: '', want: 'malformed' },
  { header: 'a-b', want: 'malformed' },
]

for (const { header, want } of chunks)
  t.test(`a chunk with ${header} is ${JSON.stringify(want)}`, async (t) =>
    t.same(readContentRange(header), want),
  )
