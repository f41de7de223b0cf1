import { createHash } from 'node:crypto'
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t from 'tap'
import { OperationError } from '../../../native/error.ts'
import type { Json } from '../../../orchestrator/api/object.ts'
import { loadImages } from '../../../rootfs/import/load-images.ts'
import { type ImageStore, openImageStore } from '../../../rootfs/store/image-store.ts'
import { pick, type Random } from '../../chaos/random.ts'
import { damaged, damagedBytes, oddJson } from '../../orchestrator/fuzz/damage.ts'
import { fuzzRounds, fuzzTimeout } from '../../orchestrator/fuzz/fuzz-settings.ts'
import { buildTar } from '../layer/tar-builder.ts'

// Archives of images whose documents are damaged, their digests made right again so that the damage gets deeper: each is an
// image, or is refused as none, and then nothing of it is entered.

const digestOf = (bytes: Buffer): string => createHash('sha256').update(bytes).digest('hex')
const layer = buildTar([
  { name: 'etc/', type: '5' },
  { name: 'etc/motd', content: 'hello' },
])
const configuration = {
  os: 'linux',
  architecture: 'amd64',
  created: '2024-01-01T00:00:00Z',
  config: {
    Env: ['A=1'],
    Cmd: ['/bin/sh'],
    Entrypoint: ['/x'],
    ExposedPorts: { '80/tcp': {} },
    Volumes: { '/v': {} },
    Labels: { a: 'b' },
    User: '1',
    WorkingDir: '/w',
    Healthcheck: { Test: ['CMD', 'true'], Interval: 1_000_000_000 },
  },
  rootfs: { type: 'layers', diff_ids: [`sha256:${digestOf(layer)}`] },
  history: [{ created: '2024-01-01T00:00:00Z', created_by: 'x' }],
}

type Damage = (value: Json) => Buffer

/** A document as bytes, most often as it was. */
const damageOf =
  (random: Random): Damage =>
  (value) => {
    if (random() < 0.5) return Buffer.from(JSON.stringify(value))
    const worse = damaged(random, value, pick(random, [0.01, 0.05, 0.2]))
    const text = random() < 0.2 ? oddJson(random, worse) : JSON.stringify(worse)
    return random() < 0.8 ? Buffer.from(text) : damagedBytes(random, Buffer.from(text))
  }

function dockerArchive(damage: Damage): Map<string, Buffer> {
  const config = damage(configuration)
  const name = `${digestOf(config)}.json`
  const manifest = [{ Config: name, RepoTags: ['fuzzed:latest'], Layers: ['l/layer.tar'] }]
  return new Map([
    ['manifest.json', damage(manifest)],
    [name, config],
    ['l/layer.tar', layer],
  ])
}

function ociArchive(damage: Damage): Map<string, Buffer> {
  const files = new Map<string, Buffer>()
  const put = (mediaType: string, bytes: Buffer): Record<string, Json> => {
    files.set(`blobs/sha256/${digestOf(bytes)}`, bytes)
    return { mediaType, digest: `sha256:${digestOf(bytes)}`, size: bytes.length }
  }
  const type = (name: string): string => `application/vnd.oci.image.${name}`
  const config = put(type('config.v1+json'), damage(configuration))
  const layers = [put(type('layer.v1.tar'), layer)]
  const manifest = { schemaVersion: 2, mediaType: type('manifest.v1+json'), config, layers }
  const described = {
    ...put(type('manifest.v1+json'), damage(manifest)),
    platform: { os: 'linux', architecture: 'amd64' },
    annotations: { 'org.opencontainers.image.ref.name': 'fuzzed:latest' },
  }
  files.set('index.json', damage({ schemaVersion: 2, manifests: [described] }))
  files.set('oci-layout', damage({ imageLayoutVersion: '1.0.0' }))
  return files
}

function archive(random: Random): Buffer {
  const files = pick(random, [dockerArchive, ociArchive])(damageOf(random))
  const tar = buildTar([...files].map(([name, content]) => ({ name, content })))
  return random() < 0.85 ? tar : damagedBytes(random, tar)
}

const known = (store: ImageStore): number => store.list().length

t.test('archives with damaged documents', { timeout: fuzzTimeout }, async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'fuzz-'))
  const store = openImageStore({ dataDir: join(folder, 'data'), runDir: join(folder, 'run') })
  t.teardown(() => {
    store.close()
    rmSync(folder, { recursive: true, force: true })
  })
  const input = join(folder, 'image.tar')
  let [loaded, refused] = [0, 0]
  for (const { seed, random } of fuzzRounds(250)) {
    writeFileSync(input, archive(random))
    const before = known(store)
    try {
      await loadImages(store, { input, platform: 'linux/amd64' })
      loaded++
    } catch (error) {
      refused++
      const isTold =
        error instanceof OperationError && ['INVALID_IMAGE', 'NOT_FOUND'].includes(error.code)
      if (!isTold) t.fail(`seed ${seed}: ${error instanceof Error ? error.stack : String(error)}`)
      if (known(store) !== before) t.fail(`seed ${seed}: refused and entered`)
    }
  }
  t.ok(loaded > 0 && refused > 0, `${loaded} loaded, ${refused} refused`)
  t.strictSame(readdirSync(store.folders.temporary), [], 'nothing half unpacked')
})
