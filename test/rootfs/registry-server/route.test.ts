import t from 'tap'
import { matchRoute } from '../../../rootfs/registry-server/route.ts'

const digest = `sha256:${'0'.repeat(64)}`

const matched: { path: string; want: object }[] = [
  { path: '/v2/', want: { kind: 'base' } },
  { path: '/v2', want: { kind: 'base' } },
  { path: '/v2/_catalog', want: { kind: 'catalog' } },
  { path: '/healthz', want: { kind: 'health' } },
  { path: '/auth/token', want: { kind: 'token' } },
  { path: '/v2/a/manifests/v1', want: { kind: 'manifest', name: 'a', reference: 'v1' } },
  { path: '/v2/a/b/c/manifests/v1', want: { kind: 'manifest', name: 'a/b/c', reference: 'v1' } },
  { path: `/v2/a/blobs/${digest}`, want: { kind: 'blob', name: 'a', digest } },
  { path: '/v2/a/blobs/sha256%3Aff', want: { kind: 'blob', name: 'a', digest: 'sha256:ff' } },
  { path: '/v2/a/blobs/uploads/', want: { kind: 'uploads', name: 'a' } },
  { path: '/v2/a/blobs/uploads', want: { kind: 'uploads', name: 'a' } },
  { path: '/v2/a/blobs/uploads/u1', want: { kind: 'upload', name: 'a', id: 'u1' } },
  { path: '/v2/a/tags/list', want: { kind: 'tags', name: 'a' } },
  { path: `/v2/a/referrers/${digest}`, want: { kind: 'referrers', name: 'a', digest } },
  // Parts of a name may be called as endpoints are.
  {
    path: '/v2/blobs/manifests/manifests/blobs',
    want: { kind: 'manifest', name: 'blobs/manifests', reference: 'blobs' },
  },
  { path: '/v2/tags/list/tags/list', want: { kind: 'tags', name: 'tags/list' } },
  {
    path: '/v2/a/blobs/uploads/manifests/v1',
    want: { kind: 'manifest', name: 'a/blobs/uploads', reference: 'v1' },
  },
]

for (const { path, want } of matched)
  t.test(`${path} is ${JSON.stringify(want)}`, async (t) => t.same(matchRoute(path), want))

const unmatched = [
  '/',
  '/v1/',
  '/v2/a',
  '/v2/manifests/v1',
  '/v2//manifests',
  '/v2/a/manifests/',
  '/v2/a/tags/other',
  '/v2/a%2Fb/manifests/v1',
  '/v2/a/manifests/..%2F..%2Fpasswd',
  '/v2/a/blobs/%zz',
  '/v2/__proto__',
  '/__proto__',
  'constructor',
]

for (const path of unmatched)
  t.test(`${path} is nothing`, async (t) => t.equal(matchRoute(path), undefined))
