import t from 'tap'
import { expandWord, expandWords } from '../../../../rootfs/build/dockerfile/expand.ts'

const variables: Record<string, string> = {
  A: 'b',
  E: '',
  P: '/usr/lib/x.tar.gz',
  W: 'x y',
  B1: 'z',
}
const lookUp = (name: string): string | undefined =>
  Object.hasOwn(variables, name) ? variables[name] : undefined
const options = { escape: '\\', lookUp }

const words: { text: string; want: string; name?: string }[] = [
  { text: 'plain', want: 'plain' },
  { text: '$A', want: 'b' },
  { text: 'x${A}y', want: 'xby' },
  { text: '$Ab', want: '' },
  { text: '$B1', want: 'z' },
  { text: '$U', want: '' },
  { text: '\\$A', want: '$A' },
  { text: "'$A'", want: '$A' },
  { text: '"$A\\"\\x"', want: 'b"\\x' },
  { text: 'a\\ b', want: 'a b' },
  { text: '$', want: '$' },
  { text: 'a$/b', want: 'a$/b' },
  { text: '${U:-d}', want: 'd' },
  { text: '${E:-d}', want: 'd' },
  { text: '${E-d}', want: '' },
  { text: '${U-d}', want: 'd' },
  { text: '${A:+d}', want: 'd' },
  { text: '${E:+d}', want: '' },
  { text: '${E+d}', want: 'd' },
  { text: '${U+d}', want: '' },
  { text: '${U:-${A}c}', want: 'bc' },
  { text: '${U:-"a b"}', want: 'a b' },
  { text: '${A:?no}', want: 'b' },
  { text: '${P#*/}', want: 'usr/lib/x.tar.gz' },
  { text: '${P##*/}', want: 'x.tar.gz' },
  { text: '${P%.*}', want: '/usr/lib/x.tar' },
  { text: '${P%%.*}', want: '/usr/lib/x' },
  { text: '${P#nothing}', want: '/usr/lib/x.tar.gz' },
  { text: '${P%.??}', want: '/usr/lib/x.tar' },
  { text: '${P/r/R}', want: '/usR/lib/x.tar.gz' },
  { text: '${P//r/R}', want: '/usR/lib/x.taR.gz' },
  { text: '${P/u*r/}', want: '/.gz', name: 'the longest match' },
  { text: '${P/\\/usr/}', want: '/lib/x.tar.gz', name: 'an escaped slash' },
]

for (const { text, want, name = '' } of words)
  t.test(`expands ${text} ${name}`, async (t) => {
    t.equal(expandWord(text, options), want)
  })

const broken = ['${A', '${', '${}', '${:-x}', '${A:x}', "'a", '"a', '${U:?no}', '${U?}', '${A:-b']

for (const text of broken)
  t.test(`refuses ${text}`, async (t) => {
    t.throws(() => expandWord(text, options), { name: 'ExpansionError' })
  })

t.test('blanks of an unquoted variable separate words', async (t) => {
  t.strictSame(expandWords('a $W "$W" $E ""', options), ['a', 'x', 'y', 'x y', ''])
})

t.test('in the content of a heredoc quotes mean nothing', async (t) => {
  t.equal(expandWord("\"$A\" '$A' it's \\$A", { ...options, raw: true }), "\"b\" 'b' it's \\$A")
})

t.test('with another escape character a backslash is an ordinary one', async (t) => {
  t.equal(expandWord('c:\\$A`$A', { ...options, escape: '`' }), 'c:\\b$A')
})
