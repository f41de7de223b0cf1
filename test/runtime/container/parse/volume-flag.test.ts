import t from 'tap'
import { parseVolumeFlag } from '../../../../runtime/container/parse/volume-flag.ts'
import { plainMount } from '../../../../runtime/container/mount-spec.ts'

const accepted: { name: string; text: string; want: unknown }[] = [
  {
    name: 'a host path',
    text: '/a:/b',
    want: { ...plainMount('bind', '/b'), source: '/a', createSource: true },
  },
  {
    name: 'read-only',
    text: '/a:/b:ro',
    want: { ...plainMount('bind', '/b'), source: '/a', createSource: true, readOnly: true },
  },
  {
    name: 'every letter',
    text: '/a:/b:ro,z,U,rslave,noexec,idmap',
    want: {
      ...plainMount('bind', '/b'),
      source: '/a',
      createSource: true,
      readOnly: true,
      relabel: 'shared',
      chown: true,
      propagation: 'rslave',
      exec: false,
      idmap: '',
    },
  },
  {
    name: 'an overlay',
    text: '/a:/b:O',
    want: { ...plainMount('bind', '/b'), source: '/a', createSource: true, overlay: true },
  },
  {
    name: 'private label and recursive read-only',
    text: '/a:/b:Z,rro',
    want: {
      ...plainMount('bind', '/b'),
      source: '/a',
      createSource: true,
      relabel: 'private',
      readOnly: true,
      recursiveReadOnly: true,
    },
  },
  {
    name: 'a relative path',
    text: './x:/b',
    want: { ...plainMount('bind', '/b'), source: '/home/me/x', createSource: true },
  },
  {
    name: 'the folder itself',
    text: '.:/b',
    want: { ...plainMount('bind', '/b'), source: '/home/me', createSource: true },
  },
  {
    name: 'a named volume',
    text: 'data:/b:nocopy',
    want: { ...plainMount('volume', '/b'), source: 'data', copy: false },
  },
  { name: 'an anonymous volume', text: '/b', want: plainMount('volume', '/b') },
  {
    name: 'dots worked out',
    text: '/a/../a/.:/c/../b',
    want: { ...plainMount('bind', '/b'), source: '/a', createSource: true },
  },
]

for (const { name, text, want } of accepted) {
  t.test(name, async (t) => {
    t.strictSame(parseVolumeFlag(text, '/home/me'), want)
  })
}

const rejected: { name: string; text: string }[] = [
  { name: 'nothing', text: '' },
  { name: 'an empty source', text: ':/b' },
  { name: 'a relative destination', text: '/a:b' },
  { name: 'the root', text: '/a:/' },
  { name: 'the root by dots', text: '/a:/x/..' },
  { name: 'four parts', text: '/a:/b:ro:x' },
  { name: 'an unknown option', text: '/a:/b:frob' },
  { name: 'empty options', text: '/a:/b:' },
  { name: 'propagation of a volume', text: 'data:/b:shared' },
  { name: 'a name that climbs', text: '..data/../x:/b' },
  { name: 'a NUL', text: '/a\u0000:/b' },
  { name: 'a property name as option', text: '/a:/b:constructor' },
]

for (const { name, text } of rejected) {
  t.test(`rejects ${name}`, async (t) => {
    t.throws(() => parseVolumeFlag(text, '/home/me'), { code: 'INVALID_ARGUMENT' })
  })
}
