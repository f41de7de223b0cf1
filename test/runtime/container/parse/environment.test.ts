import t from 'tap'
import {
  mergeEnvironment,
  parseEnvironmentEntry,
  parseEnvironmentFile,
} from '../../../../runtime/container/parse/environment.ts'

const own = { HOME: '/root', EMPTY: '' }

const files: { name: string; text: string; want: string[] }[] = [
  { name: 'lines, comments and empty lines', text: 'A=1\n# no\n\nB=2\n', want: ['A=1', 'B=2'] },
  { name: 'nothing is unquoted', text: 'A="x y" # z', want: ['A="x y" # z'] },
  { name: 'blanks before the name go, after the value stay', text: '  A=1 ', want: ['A=1 '] },
  {
    name: 'a name alone takes the own value',
    text: 'HOME\nMISSING\nEMPTY',
    want: ['HOME=/root', 'EMPTY='],
  },
  { name: 'a byte order mark and CRLF', text: '\uFEFFA=1\r\nB=2\r\n', want: ['A=1', 'B=2'] },
  { name: 'an equals sign in the value', text: 'A=b=c', want: ['A=b=c'] },
]

for (const { name, text, want } of files) {
  t.test(name, async (t) => {
    t.strictSame(parseEnvironmentFile(text, own), want)
  })
}

for (const text of ['A B=1', '=1', 'A\tB=1', 'A=\0']) {
  t.test(`rejects the file ${JSON.stringify(text)}`, async (t) => {
    t.throws(() => parseEnvironmentFile(text, own), { code: 'INVALID_ARGUMENT' })
  })
}

t.test('a name of a prototype is not the caller’s', async (t) => {
  t.equal(parseEnvironmentEntry('constructor', own), undefined)
})

t.test('later lists win and keep the place', async (t) => {
  t.strictSame(mergeEnvironment(['A=1', 'B=2'], ['A=3', 'C=4']), ['A=3', 'B=2', 'C=4'])
})
