import t from 'tap'
import { parseMountFlag } from '../../../../runtime/container/parse/mount-flag.ts'
import { plainMount } from '../../../../runtime/container/mount-spec.ts'

const accepted: { name: string; text: string; want: unknown }[] = [
  {
    name: 'a bind',
    text: 'type=bind,source=/a,target=/b,readonly',
    want: { ...plainMount('bind', '/b'), source: '/a', readOnly: true },
  },
  {
    name: 'short keys and propagation',
    text: 'type=bind,src=/a,dst=/b,ro=false,bind-propagation=rshared',
    want: { ...plainMount('bind', '/b'), source: '/a', propagation: 'rshared' },
  },
  {
    name: 'not recursive',
    text: 'type=bind,src=/a,dst=/b,bind-nonrecursive',
    want: { ...plainMount('bind', '/b'), source: '/a', recursive: false },
  },
  {
    name: 'recursive read-only',
    text: 'type=bind,src=/a,dst=/b,ro,bind-recursive=readonly',
    want: { ...plainMount('bind', '/b'), source: '/a', readOnly: true, recursiveReadOnly: true },
  },
  {
    name: 'volume by default',
    text: 'src=data,dst=/b',
    want: { ...plainMount('volume', '/b'), source: 'data' },
  },
  {
    name: 'an anonymous volume',
    text: 'dst=/b',
    want: { ...plainMount('volume', '/b'), source: undefined },
  },
  {
    name: 'tmpfs',
    text: 'type=tmpfs,dst=/b,tmpfs-size=1m,tmpfs-mode=700',
    want: {
      ...plainMount('tmpfs', '/b'),
      source: undefined,
      tmpfsSize: 1_048_576,
      tmpfsMode: 0o700,
    },
  },
  {
    name: 'a quoted comma',
    text: 'type=bind,"src=/a,c",dst=/b',
    want: { ...plainMount('bind', '/b'), source: '/a,c' },
  },
  {
    name: 'a relative source',
    text: 'type=bind,src=x,dst=/b',
    want: { ...plainMount('bind', '/b'), source: '/home/me/x' },
  },
  {
    name: 'a subpath',
    text: 'src=data,dst=/b,volume-subpath=x/y',
    want: { ...plainMount('volume', '/b'), source: 'data', subpath: 'x/y' },
  },
]

for (const { name, text, want } of accepted) {
  t.test(name, async (t) => {
    t.strictSame(parseMountFlag(text, '/home/me'), want)
  })
}

const rejected: { name: string; text: string }[] = [
  { name: 'no target', text: 'type=bind,src=/a' },
  { name: 'no source of a bind', text: 'type=bind,dst=/b' },
  { name: 'a source of tmpfs', text: 'type=tmpfs,src=/a,dst=/b' },
  { name: 'an unknown type', text: 'type=nfs,dst=/b' },
  { name: 'an unknown key', text: 'type=bind,src=/a,dst=/b,frob=1' },
  { name: 'a key of another type', text: 'type=bind,src=/a,dst=/b,tmpfs-size=1m' },
  { name: 'a subpath that climbs', text: 'src=data,dst=/b,volume-subpath=../x' },
  { name: 'a relative target', text: 'type=bind,src=/a,dst=b' },
  { name: 'an open quote', text: 'type=bind,"src=/a' },
  { name: 'a boolean that is none', text: 'type=bind,src=/a,dst=/b,ro=maybe' },
  { name: 'a volume name that climbs', text: 'src=../x,dst=/b' },
]

for (const { name, text } of rejected) {
  t.test(`rejects ${name}`, async (t) => {
    t.throws(() => parseMountFlag(text, '/home/me'), { code: 'INVALID_ARGUMENT' })
  })
}
