import t from 'tap'
import { parseSize } from '../../../../runtime/container/parse/size.ts'

const accepted: { name: string; text: string; want: unknown }[] = [
  { name: 'plain bytes', text: '1024', want: 1024 },
  { name: 'megabytes in powers of 1024', text: '50m', want: 52_428_800 },
  { name: 'gigabytes, capital', text: '1G', want: 1_073_741_824 },
  { name: 'a fraction', text: '1.5g', want: 1_610_612_736 },
  { name: 'a blank and the long unit', text: '64 KiB', want: 65_536 },
  { name: 'kb', text: '1kb', want: 1024 },
  { name: 'b alone', text: '100b', want: 100 },
  { name: 'zero', text: '0', want: 0 },
]

for (const { name, text, want } of accepted) {
  t.test(name, async (t) => {
    t.strictSame(parseSize(text), want)
  })
}

const rejected: { name: string; text: string }[] = [
  { name: 'nothing', text: '' },
  { name: 'a negative', text: '-1' },
  { name: 'a unit alone', text: 'm' },
  { name: 'an unknown unit', text: '5q' },
  { name: 'an exponent', text: '1e3' },
  { name: 'hexadecimal', text: '0x10' },
  { name: 'two blanks', text: '1  m' },
  { name: 'a leading blank', text: ' 1m' },
  { name: 'more than 2^53', text: '9007199254740993' },
  { name: 'an overflow by unit', text: '99999999p' },
  { name: 'words', text: 'Infinity' },
  { name: 'a newline', text: '1m\n' },
]

for (const { name, text } of rejected) {
  t.test(`rejects ${name}`, async (t) => {
    t.throws(() => parseSize(text), { code: 'INVALID_ARGUMENT' })
  })
}
