import t from 'tap'
import { ignoreRules } from '../../../rootfs/build/ignore-rules.ts'

// Rows from docker's documentation and from what docker does.
const rows: { name: string; text: string; ignored: string[]; kept: string[] }[] = [
  {
    name: 'a name at the root only',
    text: 'a',
    ignored: ['a', 'a/b', 'a/b/c'],
    kept: ['b/a', 'ab'],
  },
  {
    name: 'one level',
    text: '*/temp*',
    ignored: ['x/temp', 'x/temp/y', 'x/temporary.txt'],
    kept: ['temp', 'x/y/temp'],
  },
  { name: 'two levels', text: '*/*/temp*', ignored: ['x/y/temp1'], kept: ['x/temp'] },
  {
    name: 'one character',
    text: 'temp?',
    ignored: ['tempa', 'temp1/x'],
    kept: ['temp', 'tempab', 'temp/'],
  },
  { name: 'any depth', text: '**/*.go', ignored: ['a.go', 'x/y/a.go'], kept: ['a.c'] },
  {
    name: 'folders in between',
    text: 'a/**/b',
    ignored: ['a/b', 'a/x/b', 'a/x/y/b/c'],
    kept: ['b', 'ab'],
  },
  { name: 'everything below', text: 'a/**', ignored: ['a/b', 'a/b/c'], kept: ['b'] },
  { name: 'an exception', text: '*.md\n!README.md', ignored: ['x.md'], kept: ['README.md'] },
  {
    name: 'the last match decides',
    text: '*.md\n!R*.md\nR-secret.md',
    ignored: ['R-secret.md'],
    kept: ['R.md'],
  },
  { name: 'an exception before', text: '!R.md\n*.md', ignored: ['R.md'], kept: [] },
  {
    name: 'an exception below a folder',
    text: 'a\n!a/b',
    ignored: ['a', 'a/c'],
    kept: ['a/b', 'a/b/d'],
  },
  { name: 'all but one folder', text: '*\n!src', ignored: ['x', 'y/z'], kept: ['src', 'src/a/b'] },
  {
    name: 'comments and blanks',
    text: '# a\n\n  b  \n #c',
    ignored: ['b', '#c'],
    kept: ['a', 'c'],
  },
  {
    name: 'a slash before and after',
    text: '/a/\n./b\nc/../d',
    ignored: ['a', 'b', 'd'],
    kept: ['c'],
  },
  { name: 'a set', text: '[ab].txt\n[^x]y', ignored: ['a.txt', 'zy'], kept: ['c.txt', 'xy'] },
  {
    name: 'escaped characters',
    text: '\\*.txt\n\\!x',
    ignored: ['*.txt', '!x'],
    kept: ['a.txt', 'x'],
  },
  {
    name: 'characters of regular expressions',
    text: 'a.b(c)+',
    ignored: ['a.b(c)+'],
    kept: ['aXb(c)+'],
  },
  {
    name: 'the beginning of a path',
    text: '**/node_modules',
    ignored: ['node_modules/x', 'a/node_modules'],
    kept: ['node_modules2'],
  },
]

for (const { name, text, ignored, kept } of rows)
  t.test(name, async (t) => {
    const rules = ignoreRules(text)
    t.strictSame(
      ignored.filter((path) => !rules.ignores(path)),
      [],
      'ignored',
    )
    t.strictSame(
      kept.filter((path) => rules.ignores(path)),
      [],
      'kept',
    )
  })

for (const text of ['!', '[a', 'a\\'])
  t.test(`refuses ${text}`, async (t) => {
    t.throws(() => ignoreRules(`x\n${text}`), {
      code: 'INVALID_ARGUMENT',
      step: 'read .dockerignore:2',
    })
  })

t.test('whether anything may come back in', async (t) => {
  t.equal(ignoreRules('a\n!a/b').hasExceptions, true)
  t.equal(ignoreRules('a').hasExceptions, false)
})
