import { execFileSync } from 'node:child_process'
import { copyFileSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { type ImageBench, imageBench } from './image-command.ts'
import { writeAccessFiles, writeCertificate } from './registry-access.ts'
import { digestOf, indexOf, ociManifest, pushManifest } from './registry-content.ts'
import { type RegistryProcess, startRegistry } from './registry-process.ts'
import { send } from './registry-request.ts'

t.setTimeout(180_000)

// The registry under the clients of others: what they push they and we pull, byte for byte.

const makeRoot = `
mkdir -p root/bin root/etc && cp "$(command -v busybox)" root/bin/busybox && ln -s busybox root/bin/sh
echo 'root:x:0:0:r:/root:/bin/sh' > root/etc/passwd && head -c 300000 /dev/urandom > root/random
tar -C root -cf root.tar .
`
const dockerfile = 'FROM localhost/base:1\nRUN echo second > /second\nCMD ["cat", "/second"]\n'

interface Peers extends ImageBench {
  readonly registry: RegistryProcess
  readonly skopeo: (...parameters: string[]) => string
}

/** An image of two layers in podman's storage (localhost/lay:1) and as an OCI layout (oci:layout:lay). */
async function peers(t: Test, flags: readonly string[] = []): Promise<Peers> {
  const bench = imageBench(t)
  const { base, podman, buildah } = bench
  const run = (program: string, ...parameters: string[]): string =>
    execFileSync(program, parameters, {
      cwd: base,
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'pipe'],
    })
  run('sh', '-ec', makeRoot)
  podman('import', '-q', join(base, 'root.tar'), 'base:1')
  writeFileSync(join(base, 'Dockerfile'), dockerfile)
  buildah('bud', '-q', '--layers', '--isolation', 'chroot', '-t', 'lay:1', base)
  podman('save', '-q', '--format', 'oci-archive', '-o', join(base, 'oci.tar'), 'lay:1')
  run('skopeo', 'copy', '-q', 'oci-archive:oci.tar', 'oci:layout:lay')
  return {
    ...bench,
    registry: await startRegistry(t, join(base, 'registry'), flags),
    skopeo: (...parameters) => run('skopeo', ...parameters),
  }
}

t.test('skopeo: copies in and out keep the manifest, in each format and compression', async (t) => {
  const { base, registry, skopeo } = await peers(t)
  const formats: { title: string; name: string; flags: string[] }[] = [
    { title: 'OCI', name: 'oci', flags: [] },
    { title: 'docker schema 2', name: 'docker', flags: ['--format', 'v2s2'] },
    { title: 'zstd', name: 'zstd', flags: ['--dest-compress-format', 'zstd', '--dest-compress'] },
  ]
  for (const { title, name, flags } of formats) {
    const remote = `docker://${registry.host}/peer/${name}:1`
    skopeo('copy', '-q', '--dest-tls-verify=false', ...flags, 'oci:layout:lay', remote)
    const raw = skopeo('inspect', '--tls-verify=false', '--raw', remote)
    const { Digest } = JSON.parse(skopeo('inspect', '--tls-verify=false', remote)) as {
      Digest: string
    }
    t.equal(digestOf(Buffer.from(raw)), Digest, title)
    const back = `dir:${join(base, `back-${name}`)}`
    skopeo('copy', '-q', '--src-tls-verify=false', '--preserve-digests', remote, back)
    t.equal(readFileSync(join(base, `back-${name}`, 'manifest.json'), 'utf8'), raw, title)
    const other = `docker://${registry.host}/other/${name}:2`
    const both = ['--src-tls-verify=false', '--dest-tls-verify=false', '--preserve-digests']
    skopeo('copy', '-q', ...both, remote, other)
    t.equal(skopeo('inspect', '--tls-verify=false', '--raw', other), raw, `${title}, mounted`)
  }
})

t.test('skopeo: an index is copied with all its manifests', async (t) => {
  const { base, registry, skopeo } = await peers(t)
  const remote = `docker://${registry.host}/multi`
  skopeo('copy', '-q', '--dest-tls-verify=false', 'oci:layout:lay', `${remote}:one`)
  const bytes = Buffer.from(skopeo('inspect', '--tls-verify=false', '--raw', `${remote}:one`))
  const manifest = { bytes, size: bytes.length, digest: digestOf(bytes), mediaType: ociManifest }
  await pushManifest(registry.url, 'multi', indexOf([manifest]), 'all')
  const folder = join(base, 'all')
  skopeo('copy', '-q', '--all', '--src-tls-verify=false', `${remote}:all`, `dir:${folder}`)
  skopeo(
    'copy',
    '-q',
    '--all',
    '--dest-tls-verify=false',
    `dir:${folder}`,
    `docker://${registry.host}/copied:all`,
  )
  const raw = (name: string): string => skopeo('inspect', '--tls-verify=false', '--raw', name)
  t.equal(raw(`docker://${registry.host}/copied:all`), raw(`${remote}:all`))
})

t.test('skopeo: lists and deletes tags', async (t) => {
  const { registry, skopeo } = await peers(t)
  const remote = `docker://${registry.host}/tags`
  for (const tag of ['b', 'a'])
    skopeo('copy', '-q', '--dest-tls-verify=false', 'oci:layout:lay', `${remote}:${tag}`)
  const tags = (): unknown =>
    (JSON.parse(skopeo('list-tags', '--tls-verify=false', remote)) as { Tags: unknown }).Tags
  t.same(tags(), ['a', 'b'])
  skopeo('delete', '--tls-verify=false', `${remote}:a`)
  t.equal((await send(registry.url, 'GET', '/v2/tags/manifests/a')).status, 404)
})

t.test('podman and buildah: what is pushed is pulled with the same id', async (t) => {
  const { registry, podman, buildah } = await peers(t)
  const name = `${registry.host}/pod/lay:1`
  const id = podman('inspect', '-f', '{{.Id}}', 'lay:1')
  podman('push', '-q', '--tls-verify=false', 'lay:1', name)
  podman('rmi', '--all', '--force')
  podman('pull', '-q', '--tls-verify=false', name)
  t.equal(podman('inspect', '-f', '{{.Id}}', name), id)
  const built = `${registry.host}/pod/built:1`
  buildah('push', '-q', '--tls-verify=false', name, built)
  podman('rmi', '--all', '--force')
  buildah('pull', '-q', '--tls-verify=false', built)
  t.equal(podman('inspect', '-f', '{{.Id}}', built), id)
})

for (const kind of ['basic', 'token'])
  t.test(`podman and skopeo: ${kind} authentication over TLS`, async (t) => {
    const bench = imageBench(t)
    const { users, rules } = writeAccessFiles(bench.base)
    const { cert, key } = writeCertificate(bench.base)
    const flags = ['--auth', kind, '--htpasswd', users, '--access', rules]
    const tls = ['--tls-cert', cert, '--tls-key', key]
    const { base, registry, podman, skopeo } = await peers(t, [...flags, ...tls])
    const certificates = join(base, 'certs')
    mkdirSync(certificates)
    copyFileSync(cert, join(certificates, 'ca.crt'))
    const login = ['--authfile', join(base, 'auth.json'), '--cert-dir', certificates]
    const name = `${registry.host}/team/lay:1`
    t.throws(() => podman('push', '-q', ...login, 'lay:1', name), 'nobody may not push')
    podman('login', ...login, '-u', 'alice', '-p', 'secret', registry.host)
    podman('push', '-q', ...login, 'lay:1', name)
    podman('login', ...login, '-u', 'bob', '-p', 'secret', registry.host)
    podman('pull', '-q', ...login, name)
    t.throws(() => podman('push', '-q', ...login, 'lay:1', name), 'bob may not push')
    t.throws(() => podman('login', ...login, '-u', 'bob', '-p', 'wrong', registry.host))
    const inspect = ['inspect', '--cert-dir', certificates, '--no-creds']
    t.throws(() => skopeo(...inspect, `docker://${name}`), 'nobody may not pull')
    skopeo(
      'copy',
      '-q',
      '--dest-cert-dir',
      certificates,
      '--dest-creds',
      'root:secret',
      'oci:layout:lay',
      `docker://${registry.host}/public/lay:1`,
    )
    t.ok(skopeo(...inspect, `docker://${registry.host}/public/lay:1`), 'everybody may pull this')
  })
