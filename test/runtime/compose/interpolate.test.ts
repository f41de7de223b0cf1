import t from 'tap'
import { parseComposeEnvFile } from '../../../runtime/compose/file/env-file.ts'
import { interpolate } from '../../../runtime/compose/file/interpolate.ts'
import { splitCommand } from '../../../runtime/compose/file/split-command.ts'

const values: Readonly<Record<string, string>> = { SET: 'value', EMPTY: '', OTHER: 'second' }
const get = (name: string): string | undefined => values[name]

const filled: [string, string][] = [
  ['plain', 'plain'],
  ['$SET', 'value'],
  ['${SET}', 'value'],
  ['a-$SET-b', 'a-value-b'],
  ['$SET$OTHER', 'valuesecond'],
  ['$$SET', '$SET'],
  ['$${SET}', '${SET}'],
  ['$UNSET', ''],
  ['${UNSET:-default}', 'default'],
  ['${EMPTY:-default}', 'default'],
  ['${EMPTY-default}', ''],
  ['${UNSET-default}', 'default'],
  ['${UNSET:-a:b}', 'a:b'],
  ['${UNSET:-${SET}}', 'value'],
  ['${UNSET:-${ALSO:-deep}}', 'deep'],
  ['${SET:+other}', 'other'],
  ['${EMPTY:+other}', ''],
  ['${EMPTY+other}', 'other'],
  ['${UNSET+other}', ''],
  ['${SET:?why}', 'value'],
  ['${UNSET:-}', ''],
]

for (const [text, expected] of filled)
  t.test(`variables: ${text}`, async (t) => {
    t.equal(interpolate(text, { get, onUnset: () => undefined }), expected)
  })

t.test('what is not set is told, unless there is a default', async (t) => {
  const unset: string[] = []
  interpolate('$A ${B} ${C:-x} ${D-x} $SET', { get, onUnset: (name) => unset.push(name) })
  t.strictSame(unset, ['A', 'B'])
})

for (const text of [
  '$',
  '${',
  '${}',
  '${SET',
  '${1}',
  '$1',
  '${SET!x}',
  '${UNSET:?why}',
  '${EMPTY:?}',
])
  t.test(`refused: ${text}`, async (t) => {
    const wrong = () => interpolate(text, { get, onUnset: () => undefined }, 'services.web.image')
    t.throws(wrong, { code: 'INVALID_ARGUMENT', exitCode: 1 })
    t.throws(wrong, /services\.web\.image/)
  })

const envFiles: [string, string, Record<string, string>][] = [
  ['plain', 'A=1\nB=two words\n', { A: '1', B: 'two words' }],
  ['comments and empty lines', '# no\n\nA=1 # why\nB=a#b\n', { A: '1', B: 'a#b' }],
  ['export', 'export A=1', { A: '1' }],
  ['YAML style', 'A: 1', { A: '1' }],
  ['single quotes keep', "A='$SET #x'", { A: '$SET #x' }],
  ['double quotes do not', 'A="$SET\\n\\"x\\""', { A: 'value\n"x"' }],
  ['over lines', 'A="one\ntwo"\nB=3', { A: 'one\ntwo', B: '3' }],
  ['variables of lines before', 'A=1\nB=${A}2', { A: '1', B: '12' }],
  ['the callers value', 'SET\nUNSET', { SET: 'value' }],
  ['nothing', 'A=', { A: '' }],
  ['Windows line ends', 'A=1\r\nB=2\r\n', { A: '1', B: '2' }],
]

for (const [title, text, expected] of envFiles)
  t.test(`.env: ${title}`, async (t) => {
    t.strictSame(Object.fromEntries(parseComposeEnvFile('.env', text, get)), expected)
  })

t.test('.env: the line of a mistake', async (t) => {
  t.throws(() => parseComposeEnvFile('.env', 'A=1\n=2\n', get), /\.env:2/)
  t.throws(() => parseComposeEnvFile('.env', "A='1\n", get), /\.env:1/)
})

const commands: [string, string[] | undefined][] = [
  ['a  b\tc', ['a', 'b', 'c']],
  [`sh -c "echo 'x y'"`, ['sh', '-c', "echo 'x y'"]],
  [`'a "b'`, ['a "b']],
  ['a\\ b', ['a b']],
  ['"" x', ['', 'x']],
  ['', []],
  ['"open', undefined],
]

for (const [line, expected] of commands)
  t.test(`words of ${JSON.stringify(line)}`, async (t) => {
    t.strictSame(splitCommand(line), expected)
  })
