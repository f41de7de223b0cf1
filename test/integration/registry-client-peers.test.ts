import { execFileSync } from 'node:child_process'
import { mkdtempSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { imageBench } from './image-command.ts'
import { randomLayer, writeLayout } from './layout-of-layers.ts'
import { startPeerRegistry } from './peer-registry.ts'

// Our client with Debian's docker-registry between us and skopeo, podman and buildah.

const architecture = process.arch === 'x64' ? 'amd64' : process.arch
const foreign = architecture === 'amd64' ? 'arm64' : 'amd64'

function skopeo(...parameters: string[]): string {
  return execFileSync('skopeo', parameters, { encoding: 'utf8' }).trim()
}

function copyIn(layout: string, target: string, ...more: string[]): void {
  skopeo('copy', '-q', '--dest-tls-verify=false', ...more, `oci:${layout}`, `docker://${target}`)
}

function digestThere(reference: string): string {
  return skopeo('inspect', '--tls-verify=false', '--format', '{{.Digest}}', `docker://${reference}`)
}

async function bench(t: Test) {
  const made = imageBench(t)
  const registry = await startPeerRegistry(t, join(made.base, 'registry'))
  return { ...made, registry }
}

t.test(
  'what skopeo pushed is pulled, what we push skopeo and podman pull: same digests',
  async (t) => {
    const { base, registry, myimage, podman } = await bench(t)
    const layers = [1, 2].map((n) => randomLayer(base, `f${n}`, 300_000))
    const digest = writeLayout(join(base, 'layout'), 'x', [{ architecture, layers }])
    copyIn(`${join(base, 'layout')}:x`, `${registry}/app:1`)
    const id = myimage('pull', '-q', `${registry}/app:1`)
    t.equal(myimage('inspect', '-f', '{{.Digest}}', `${registry}/app:1`), digest)
    t.equal(myimage('pull', '-q', `${registry}/app@${digest}`), id, 'by its digest')
    myimage('tag', id, `${registry}/other/place:2`)
    const file = join(base, 'digest')
    myimage('push', '-q', '--digestfile', file, `${registry}/other/place:2`)
    t.equal(execFileSync('cat', [file], { encoding: 'utf8' }), digest)
    t.equal(digestThere(`${registry}/other/place:2`), digest)
    t.equal(`sha256:${podman('pull', '-q', '--tls-verify=false', `${registry}/other/place:2`)}`, id)
    for (const flags of [
      ['--format', 'docker'],
      ['--compression-format', 'zstd'],
      ['--compression-format', 'none'],
      ['--chunk-size', '70000'],
    ]) {
      myimage('push', '-q', ...flags, id, `${registry}/converted:1`)
      podman('rmi', '-a', '-f')
      const theirs = podman('pull', '-q', '--tls-verify=false', `${registry}/converted:1`)
      t.equal(`sha256:${theirs}`, id, flags.join(' '))
    }
  },
)

t.test('an image that buildah built and pushed is pulled with its files', async (t) => {
  const { base, registry, myimage, buildah } = await bench(t)
  const context = mkdtempSync(join(base, 'context-'))
  writeFileSync(join(context, 'hello'), 'hello')
  writeFileSync(
    join(context, 'Dockerfile'),
    'FROM scratch\nCOPY hello /a/hello\nCMD ["/a/hello"]\n',
  )
  buildah('bud', '-q', '--isolation', 'chroot', '-t', 'built:1', context)
  buildah('push', '-q', '--tls-verify=false', 'built:1', `docker://${registry}/built:1`)
  myimage('pull', '-q', `${registry}/built:1`)
  t.equal(
    myimage('inspect', '-f', '{{.Digest}}', `${registry}/built:1`),
    digestThere(`${registry}/built:1`),
  )
  const [lower = ''] = myimage(
    'inspect',
    '-f',
    '{{.GraphDriver.Data.LowerDir}}',
    `${registry}/built:1`,
  ).split(':')
  t.equal(execFileSync('cat', [join(lower, 'a/hello')], { encoding: 'utf8' }), 'hello')
})

t.test(
  'of an index this platform is pulled, another where it is asked for, all of it copied',
  async (t) => {
    const { base, registry, myimage, fails } = await bench(t)
    const layout = join(base, 'layout')
    const digest = writeLayout(layout, 'x', [
      { architecture: foreign, layers: [randomLayer(base, 'foreign', 1000)] },
      { architecture, layers: [randomLayer(base, 'own', 1000)] },
    ])
    copyIn(`${layout}:x`, `${registry}/multi:1`, '--all')
    t.equal(digestThere(`${registry}/multi:1`), digest)
    const format = ['inspect', '-f', '{{.Architecture}}'] as const
    myimage('pull', '-q', `${registry}/multi:1`)
    t.equal(myimage(...format, `${registry}/multi:1`), architecture)
    myimage('pull', '-q', `${registry}/multi@${digest}`)
    t.equal(
      myimage(...format, `${registry}/multi@${digest}`),
      architecture,
      'by the digest of the index',
    )
    myimage('pull', '-q', '--platform', `linux/${foreign}`, `${registry}/multi:1`)
    t.equal(myimage(...format, `${registry}/multi:1`), foreign)
    const { status, stderr } = fails('pull', '--platform', 'linux/s390x', `${registry}/multi:1`)
    t.equal(status, 125)
    t.match(stderr, /linux\/amd64/, 'says what there is')
    const there = `docker://${registry}/copied:1`
    t.equal(
      myimage('copy', '--all', `docker://${registry}/multi:1`, there).split('\n').at(-1),
      digest,
    )
    t.equal(digestThere(`${registry}/copied:1`), digest)
    myimage('copy', '-q', '--all', there, `oci:${join(base, 'back')}:x`)
    skopeo('copy', '-q', '--all', `oci:${join(base, 'back')}:x`, `dir:${join(base, 'dir')}`)
  },
)

t.test('every place is written as skopeo reads it, and read as skopeo writes it', async (t) => {
  const { base, registry, myimage } = await bench(t)
  const layers = [1, 2].map((n) => randomLayer(base, `f${n}`, 100_000))
  const digest = writeLayout(join(base, 'layout'), 'x', [{ architecture, layers }])
  const from = `oci:${join(base, 'layout')}:x`
  const copy = ['copy', '-q'] as const
  for (const place of [
    `oci:${base}/ours:x`,
    `oci-archive:${base}/ours.tar:x`,
    `dir:${base}/ours-dir`,
  ]) {
    myimage(...copy, from, place)
    const target = `docker://${registry}/a:1`
    skopeo(...copy, '--dest-tls-verify=false', '--preserve-digests', place, target)
    t.equal(digestThere(`${registry}/a:1`), digest, `skopeo reads ${place}`)
  }
  for (const place of [
    `oci:${base}/their:x`,
    `oci-archive:${base}/their.tar:x`,
    `dir:${base}/their-dir`,
  ]) {
    skopeo(...copy, from, place)
    const target = `docker://${registry}/b:1`
    myimage(...copy, '--preserve-digests', place, target)
    t.equal(digestThere(`${registry}/b:1`), digest, `we read ${place}`)
  }
  const id = myimage('pull', '-q', `${registry}/b:1`)
  myimage(...copy, `${registry}/b:1`, `docker-archive:${base}/ours-docker.tar:x:1`)
  skopeo(...copy, `docker-archive:${base}/ours-docker.tar:x:1`, `oci:${base}/checked:x`)
  skopeo(...copy, from, `docker-archive:${base}/their-docker.tar:x:1`)
  myimage(...copy, `docker-archive:${base}/their-docker.tar`, 'localhost/from-docker:1')
  for (const reference of ['localhost/from-docker:1'])
    t.equal(myimage('inspect', '-f', '{{.Id}}', reference), id)
})

t.test('layers that the registry has elsewhere are mounted, not sent', async (t) => {
  const { base, registry, myimage } = await bench(t)
  const layers = [randomLayer(base, 'f', 100_000)]
  writeLayout(join(base, 'layout'), 'x', [{ architecture, layers }])
  copyIn(`${join(base, 'layout')}:x`, `${registry}/app:1`)
  const id = myimage('pull', '-q', `${registry}/app:1`)
  const { stderr } = runVerbose(base, ['push', id, `${registry}/another/name:1`])
  t.equal(stderr.match(/mounted from another repository/g)?.length, 2)
})

function runVerbose(base: string, parameters: string[]): { stderr: string } {
  const command = join(import.meta.dirname, '../../bin/myimage')
  const words = [command, ...parameters].map((word) => `'${word}'`).join(' ')
  const env = { ...process.env, MYCONTAINER_ROOT: join(base, 'state') }
  const stderr = execFileSync('sh', ['-c', `${words} 2>&1 >/dev/null`], { env, encoding: 'utf8' })
  return { stderr }
}

t.test('every failure is one line and an exit code', async (t) => {
  const { base, registry, myimage, fails } = await bench(t)
  const layers = [randomLayer(base, 'f', 1000)]
  writeLayout(join(base, 'layout'), 'x', [{ architecture, layers }])
  copyIn(`${join(base, 'layout')}:x`, `${registry}/app:v1.0`)
  myimage('pull', '-q', `${registry}/app:v1.0`)
  const rows: { want: number; says: RegExp; parameters: string[] }[] = [
    { want: 125, says: /nearest are: v1\.0/, parameters: ['pull', `${registry}/app:v1.1`] },
    {
      want: 125,
      says: /MANIFEST_UNKNOWN|NAME_UNKNOWN/,
      parameters: ['pull', `${registry}/none:1`],
    },
    { want: 125, says: /nothing listens/, parameters: ['pull', 'localhost:1/app:1'] },
    { want: 125, says: /malformed|lower/, parameters: ['pull', `${registry}/App:1`] },
    { want: 125, says: /no such host/, parameters: ['pull', 'no-such-host.invalid/app:1'] },
    { want: 125, says: /find an image/, parameters: ['push', 'missing', `${registry}/a:1`] },
    {
      want: 125,
      says: /digest/,
      parameters: ['push', `${registry}/app:v1.0`, `${registry}/a@sha256:${'0'.repeat(64)}`],
    },
    {
      want: 125,
      says: /--format/,
      parameters: ['push', '--format', 'tar', `${registry}/app:v1.0`],
    },
    {
      want: 1,
      says: /nearest/,
      parameters: ['copy', `docker://${registry}/app:2`, `dir:${base}/d`],
    },
    {
      want: 1,
      says: /no index\.json|no such folder/,
      parameters: ['copy', `oci:${base}/nothing:x`, 'a:1'],
    },
    { want: 1, says: /There are: x/, parameters: ['copy', `oci:${base}/layout:y`, 'a:1'] },
  ]
  for (const { want, says, parameters } of rows) {
    const { status, stderr } = fails(...parameters)
    t.equal(status, want, parameters.join(' '))
    t.match(stderr, says)
    t.equal(stderr.trim().split('\n').length, 1, `one line: ${stderr}`)
  }
})
