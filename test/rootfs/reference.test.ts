import t from 'tap'
import {
  familiarName,
  formatReference,
  parseReference,
  withDefaultTag,
} from '../../rootfs/reference.ts'

const hex = 'a'.repeat(64)

const accepted: { name: string; text: string; full: string; familiar: string }[] = [
  {
    name: 'a bare name',
    text: 'alpine',
    full: 'docker.io/library/alpine:latest',
    familiar: 'alpine',
  },
  { name: 'a tag', text: 'alpine:3.20', full: 'docker.io/library/alpine:3.20', familiar: 'alpine' },
  { name: 'a user name', text: 'me/app', full: 'docker.io/me/app:latest', familiar: 'me/app' },
  {
    name: 'a port',
    text: 'localhost:5000/a/b:v1',
    full: 'localhost:5000/a/b:v1',
    familiar: 'localhost:5000/a/b',
  },
  { name: 'localhost', text: 'localhost/a', full: 'localhost/a:latest', familiar: 'localhost/a' },
  {
    name: 'deep paths',
    text: 'ghcr.io/a/b/c/d:v1',
    full: 'ghcr.io/a/b/c/d:v1',
    familiar: 'ghcr.io/a/b/c/d',
  },
  {
    name: 'a capital in the host',
    text: 'MyHost/a',
    full: 'MyHost/a:latest',
    familiar: 'MyHost/a',
  },
  {
    name: 'an IPv6 host',
    text: '[::1]:5000/a',
    full: '[::1]:5000/a:latest',
    familiar: '[::1]:5000/a',
  },
  {
    name: 'a digest',
    text: `alpine@sha256:${hex}`,
    full: `docker.io/library/alpine@sha256:${hex}`,
    familiar: 'alpine',
  },
  {
    name: 'tag and digest',
    text: `a:1@sha256:${hex}`,
    full: `docker.io/library/a:1@sha256:${hex}`,
    familiar: 'a',
  },
  {
    name: 'the old index host',
    text: 'index.docker.io/alpine',
    full: 'docker.io/library/alpine:latest',
    familiar: 'alpine',
  },
  {
    name: 'separators',
    text: 'a__b/c--d.e_f',
    full: 'docker.io/a__b/c--d.e_f:latest',
    familiar: 'a__b/c--d.e_f',
  },
]

for (const { name, text, full, familiar } of accepted) {
  t.test(`reads ${name}`, async (t) => {
    const reference = parseReference(text)
    t.equal(formatReference(withDefaultTag(reference)), full)
    t.equal(familiarName(reference), familiar)
  })
}

const refused: { name: string; text: string }[] = [
  { name: 'nothing', text: '' },
  { name: 'capitals in a repository', text: 'Alpine' },
  { name: 'an empty tag', text: 'alpine:' },
  { name: 'a tag with a slash before it', text: 'a//b' },
  { name: 'a path that climbs', text: '../../etc' },
  { name: 'an absolute path', text: '/bin/sh' },
  { name: 'spaces', text: 'a b' },
  { name: 'a triple underscore', text: 'a___b' },
  { name: 'a short digest', text: 'a@sha256:abc' },
  { name: 'a digest that is a path', text: 'a@sha256:../../x' },
  { name: 'an id as a name', text: hex },
  { name: 'a tag of 129 characters', text: `a:${'x'.repeat(129)}` },
  { name: 'a name of 256 characters', text: 'x'.repeat(256) },
  { name: 'a newline at the end', text: 'alpine\n' },
]

for (const { name, text } of refused) {
  t.test(`refuses ${name}`, async (t) => {
    t.throws(() => parseReference(text), { code: 'INVALID_ARGUMENT' })
  })
}

t.test('a long hostile name is refused at once', async (t) => {
  const start = performance.now()
  t.throws(() => parseReference(`${'a-'.repeat(50_000)}!`), { code: 'INVALID_ARGUMENT' })
  t.ok(performance.now() - start < 1000)
})
