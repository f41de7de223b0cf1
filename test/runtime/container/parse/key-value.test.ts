import t from 'tap'
import { labelFileLines, parseKeyValues } from '../../../../runtime/container/parse/key-value.ts'
import { parseSysctls } from '../../../../runtime/container/parse/sysctl.ts'

t.test('the last of a key wins and a bare key is empty', async (t) => {
  t.strictSame({ ...parseKeyValues('label', ['a=1', 'b', 'a=2=3']) }, { a: '2=3', b: '' })
})

t.test('__proto__ is a key like any other', async (t) => {
  const labels = parseKeyValues('label', ['__proto__=x'])
  t.equal(JSON.stringify(labels), '{"__proto__":"x"}')
  t.equal(Object.hasOwn({ ...labels }, '__proto__'), true)
})

t.test('rejects an empty key', async (t) => {
  t.throws(() => parseKeyValues('label', ['=x']), { code: 'INVALID_ARGUMENT' })
})

t.test('lines of a label file', async (t) => {
  t.strictSame(labelFileLines('a=1\n# no\n\n b=2\r\n'), ['a=1', 'b=2'])
})

t.test('sysctls', async (t) => {
  t.strictSame(
    { ...parseSysctls(['net.ipv4.ip_forward=1', 'net/core/somaxconn=5']) },
    {
      'net.ipv4.ip_forward': '1',
      'net/core/somaxconn': '5',
    },
  )
  for (const text of ['net.ipv4.ip_forward', 'x=1', '../../etc/passwd=1', 'net..x=1', 'net.x y=1'])
    t.throws(() => parseSysctls([text]), { code: 'INVALID_ARGUMENT' }, text)
})
