import t from 'tap'
import {
  isRepositoryName,
  isTag,
  requireDigest,
  requireRepositoryName,
} from '../../../rootfs/registry-server/names.ts'

const names: { name: string; valid: boolean }[] = [
  { name: 'a', valid: true },
  { name: 'library/app', valid: true },
  { name: 'a.b_c__d-e---f/0', valid: true },
  { name: 'x'.repeat(255), valid: true },
  { name: 'x'.repeat(256), valid: false },
  { name: '', valid: false },
  { name: 'A', valid: false },
  { name: 'a/', valid: false },
  { name: '/a', valid: false },
  { name: 'a//b', valid: false },
  { name: '..', valid: false },
  { name: 'a/../b', valid: false },
  { name: 'a..b', valid: false },
  { name: 'a___b', valid: false },
  { name: '-a', valid: false },
  { name: 'a-', valid: false },
  { name: 'a\nb', valid: false },
  { name: 'a\n', valid: false },
  { name: 'a\0', valid: false },
  { name: 'ä', valid: false },
]

for (const { name, valid } of names)
  t.test(
    `the repository name ${JSON.stringify(name).slice(0, 40)} is ${valid ? '' : 'in'}valid`,
    async (t) => {
      t.equal(isRepositoryName(name), valid)
      if (!valid)
        t.throws(() => requireRepositoryName(name), { name: 'RegistryError', status: 400 })
    },
  )

const tags: { tag: string; valid: boolean }[] = [
  { tag: 'latest', valid: true },
  { tag: 'V1.2_3-x', valid: true },
  { tag: '_', valid: true },
  { tag: 'x'.repeat(128), valid: true },
  { tag: 'x'.repeat(129), valid: false },
  { tag: '', valid: false },
  { tag: '.x', valid: false },
  { tag: '-x', valid: false },
  { tag: 'a:b', valid: false },
  { tag: 'a\n', valid: false },
]

for (const { tag, valid } of tags)
  t.test(`the tag ${JSON.stringify(tag).slice(0, 40)} is ${valid ? '' : 'in'}valid`, async (t) =>
    t.equal(isTag(tag), valid),
  )

const hex = 'ab'.repeat(32)
const digests: { digest: string | null; valid: boolean }[] = [
  { digest: `sha256:${hex}`, valid: true },
  { digest: `sha512:${hex}${hex}`, valid: true },
  { digest: `sha256:${hex.toUpperCase()}`, valid: false },
  { digest: `sha256:${hex}0`, valid: false },
  { digest: `sha512:${hex}`, valid: false },
  { digest: `md5:${hex.slice(32)}`, valid: false },
  { digest: `sha256:../../${hex.slice(6)}`, valid: false },
  { digest: `sha256:${hex}\n`, valid: false },
  { digest: hex, valid: false },
  { digest: null, valid: false },
]

for (const { digest, valid } of digests)
  t.test(`the digest ${JSON.stringify(digest)} is ${valid ? '' : 'in'}valid`, async (t) => {
    if (valid) t.equal(requireDigest(digest), digest)
    else
      t.throws(() => requireDigest(digest), {
        name: 'RegistryError',
        status: 400,
        entries: [{ code: 'DIGEST_INVALID' }],
      })
  })

t.test('a long hostile name is refused at once', async (t) => {
  const began = process.hrtime.bigint()
  for (const text of ['a_'.repeat(100_000), `${'a-'.repeat(120)}!`, `${'a__'.repeat(80)}A`])
    t.equal(isRepositoryName(text), false)
  t.ok(process.hrtime.bigint() - began < 200_000_000n)
})
