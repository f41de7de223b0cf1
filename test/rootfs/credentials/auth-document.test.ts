import t from 'tap'
import {
  credentialKeys,
  helperFor,
  parseAuthDocument,
  readEntry,
  withEntry,
} from '../../../rootfs/credentials/auth-document.ts'

const encoded = (text: string): string => Buffer.from(text).toString('base64')
const path = 'test'

t.test('keys go from the most specific to the host', async (t) => {
  t.strictSame(credentialKeys('r.test', 'a/b').slice(0, 3), ['r.test/a/b', 'r.test/a', 'r.test'])
  t.ok(credentialKeys('docker.io', undefined).includes('https://index.docker.io/v1/'))
  t.notOk(credentialKeys('r.test', undefined).some((key) => key.includes('docker.io')))
})

const entries: { title: string; entry: object; want: object | undefined }[] = [
  {
    title: 'user and password in base64',
    entry: { auth: encoded('me:pass:word') },
    want: { kind: 'password', username: 'me', password: 'pass:word' },
  },
  {
    title: 'padded with zero bytes',
    entry: { auth: encoded('me:pw\0\0') },
    want: { kind: 'password', username: 'me', password: 'pw' },
  },
  {
    title: 'an identity token beside an empty password',
    entry: { auth: encoded('<token>:'), identitytoken: 'abc' },
    want: { kind: 'identity-token', token: 'abc' },
  },
  {
    title: 'an identity token in the place of a password',
    entry: { auth: encoded('<token>:abc') },
    want: { kind: 'identity-token', token: 'abc' },
  },
  {
    title: 'in plain fields',
    entry: { username: 'me', password: 'pw' },
    want: { kind: 'password', username: 'me', password: 'pw' },
  },
  { title: 'empty: a helper has it', entry: {}, want: undefined },
]
for (const { title, entry, want } of entries)
  t.test(title, async (t) => t.strictSame(readEntry({ auths: { k: entry } }, 'k', path), want))

t.test('what is written can be read, and the rest of the file stays', async (t) => {
  const before = { auths: { other: { auth: encoded('a:b') } }, HttpHeaders: { x: 'y' } }
  for (const credential of [
    { kind: 'password', username: 'me', password: 'p:w' },
    { kind: 'identity-token', token: 'abc' },
  ] as const) {
    const after = withEntry(before, 'r.test', credential)
    t.strictSame(readEntry(after, 'r.test', path), credential)
    t.match(after, before)
    t.strictSame(withEntry(after, 'r.test', undefined), before)
  }
})

t.test('a helper of a registry goes before the general one', async (t) => {
  const document = { credsStore: 'general', credHelpers: { 'r.test': 'special' } }
  t.equal(helperFor(document, 'r.test'), 'special')
  t.equal(helperFor(document, 'other.test'), 'general')
  t.equal(helperFor({}, 'r.test'), undefined)
})

t.test('malformed files are refused without a word of their content', async (t) => {
  for (const text of ['[]', '{"auths', '"x"']) {
    const read = () => parseAuthDocument(text, path)
    t.throws(read, { code: 'INVALID_ARGUMENT', cause: undefined })
  }
  t.throws(() => readEntry({ auths: { k: { auth: encoded('no colon') } } }, 'k', path), {
    code: 'INVALID_ARGUMENT',
  })
  t.equal(readEntry(parseAuthDocument('{"auths":{}}', path), '__proto__', path), undefined)
})
