import { createHash } from 'node:crypto'
import { mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { loadImages } from '../../../rootfs/import/load-images.ts'
import { openImageStore } from '../../../rootfs/store/image-store.ts'
import { pruneImages } from '../../../rootfs/store/remove-image.ts'
import { buildTar } from '../layer/tar-builder.ts'

// OCI layouts and docker archives that lie: each is refused, and nothing of it stays.

const types = {
  manifest: 'application/vnd.oci.image.manifest.v1+json',
  index: 'application/vnd.oci.image.index.v1+json',
  config: 'application/vnd.oci.image.config.v1+json',
  layer: 'application/vnd.oci.image.layer.v1.tar',
}
const layer = buildTar([{ name: 'f', content: 'x' }])
const digestOf = (bytes: Buffer): string =>
  `sha256:${createHash('sha256').update(bytes).digest('hex')}`
const config = Buffer.from(
  JSON.stringify({ os: 'linux', architecture: 'amd64', rootfs: { diff_ids: [digestOf(layer)] } }),
)

interface Layout {
  readonly folder: string
  /** Put a blob there; returns its descriptor. */
  readonly blob: (
    mediaType: string,
    content: Buffer | object,
    more?: object,
  ) => Record<string, unknown>
  readonly index: (...manifests: object[]) => void
}

function layout(t: Test): Layout {
  const folder = mkdtempSync(join(tmpdir(), 'layout-'))
  t.teardown(() => rmSync(folder, { recursive: true, force: true }))
  mkdirSync(join(folder, 'blobs/sha256'), { recursive: true })
  return {
    folder,
    blob(mediaType, content, more = {}) {
      const bytes = Buffer.isBuffer(content) ? content : Buffer.from(JSON.stringify(content))
      const digest = digestOf(bytes)
      writeFileSync(join(folder, 'blobs/sha256', digest.slice(7)), bytes)
      return { mediaType, digest, size: bytes.length, ...more }
    },
    index(...manifests) {
      const content = JSON.stringify({ schemaVersion: 2, manifests })
      writeFileSync(join(folder, 'index.json'), content)
    },
  }
}

function manifestOf({ blob }: Layout, change: (fields: Fields) => object = (f) => f): object {
  return {
    schemaVersion: 2,
    ...change({ config: blob(types.config, config), layers: [blob(types.layer, layer)] }),
  }
}

interface Fields {
  readonly config: Record<string, unknown>
  readonly layers: Record<string, unknown>[]
}

const bad: { name: string; make: (layout: Layout) => void }[] = [
  {
    name: 'indexes nested without end',
    make(l) {
      let inner = l.blob(types.manifest, manifestOf(l))
      for (let depth = 0; depth < 10; depth++)
        inner = l.blob(types.index, { schemaVersion: 2, manifests: [inner] })
      l.index(inner)
    },
  },
  {
    name: 'a manifest over 4 MiB',
    make: (l) =>
      l.index(
        l.blob(types.manifest, { ...manifestOf(l), annotations: { a: 'x'.repeat(4 << 20) } }),
      ),
  },
  {
    name: 'a configuration over 4 MiB',
    make: (l) =>
      l.index(
        l.blob(
          types.manifest,
          manifestOf(l, (f) => ({
            ...f,
            config: l.blob(types.config, { x: 'x'.repeat(4 << 20) }),
          })),
        ),
      ),
  },
  {
    name: 'a layer as configuration',
    make: (l) =>
      l.index(
        l.blob(
          types.manifest,
          manifestOf(l, (f) => ({ ...f, config: l.blob(types.config, layer) })),
        ),
      ),
  },
  {
    name: 'a digest that is a path',
    make: (l) =>
      l.index({
        ...l.blob(types.manifest, manifestOf(l)),
        digest: 'sha256:../../../../etc/passwd',
      }),
  },
  {
    name: 'a size that is not that of the file',
    make: (l) => l.index({ ...l.blob(types.manifest, manifestOf(l)), size: 7 }),
  },
  {
    name: 'a blob with other content',
    make(l) {
      const entry = l.blob(types.manifest, manifestOf(l))
      const path = join(l.folder, 'blobs/sha256', digestOf(layer).slice(7))
      writeFileSync(path, Buffer.alloc(layer.length))
      l.index(entry)
    },
  },
  {
    name: 'a blob that is a symbolic link',
    make(l) {
      const entry = l.blob(types.manifest, manifestOf(l))
      const path = join(l.folder, 'blobs/sha256', digestOf(layer).slice(7))
      writeFileSync(join(l.folder, 'elsewhere'), layer)
      rmSync(path)
      symlinkSync(join(l.folder, 'elsewhere'), path)
      l.index(entry)
    },
  },
  {
    name: 'a blob that is a folder',
    make(l) {
      const entry = l.blob(types.manifest, manifestOf(l))
      const path = join(l.folder, 'blobs/sha256', digestOf(layer).slice(7))
      rmSync(path)
      mkdirSync(path)
      l.index(entry)
    },
  },
  {
    name: 'embedded data that is not the blob',
    make: (l) =>
      l.index(
        l.blob(
          types.manifest,
          manifestOf(l, (f) => ({ ...f, config: { ...f.config, data: 'AAAA' } })),
        ),
      ),
  },
  {
    name: 'an index.json that is a list',
    make: (l) => writeFileSync(join(l.folder, 'index.json'), '[]'),
  },
  {
    name: 'an index.json that is cut off',
    make: (l) => writeFileSync(join(l.folder, 'index.json'), '{"sch'),
  },
  {
    name: 'no image for this platform',
    make: (l) =>
      l.index(
        l.blob(types.manifest, manifestOf(l), { platform: { os: 'plan9', architecture: 'mips' } }),
      ),
  },
]

for (const { name, make } of bad)
  t.test(`refuses ${name}`, async (t) => {
    const files = layout(t)
    make(files)
    await refuse(t, files.folder)
  })

async function refuse(t: Test, input: string): Promise<void> {
  const base = mkdtempSync(join(tmpdir(), 'hostile-'))
  const store = openImageStore({ dataDir: join(base, 'data'), runDir: join(base, 'run') })
  t.teardown(() => {
    store.close()
    rmSync(base, { recursive: true, force: true })
  })
  await t.rejects(loadImages(store, { input, platform: 'linux/amd64' }), { code: 'INVALID_IMAGE' })
  t.strictSame(store.list(), [])
  await pruneImages(store, { inUse: () => new Set() })
  for (const folder of [store.folders.blobs, store.folders.layers, store.folders.temporary])
    t.strictSame(readdirSync(folder), [])
}

t.test('a foreign layer is never fetched from where it says', async (t) => {
  let connections = 0
  const server = createServer(() => connections++)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  t.teardown(() => server.close())
  const { port } = server.address() as { port: number }
  const files = layout(t)
  const foreign = {
    mediaType: 'application/vnd.docker.image.rootfs.foreign.diff.tar.gzip',
    digest: `sha256:${'a'.repeat(64)}`,
    size: 100,
    urls: [`http://127.0.0.1:${port}/layer`],
  }
  files.index(
    files.blob(
      types.manifest,
      manifestOf(files, (f) => ({ ...f, layers: [foreign] })),
    ),
  )
  await refuse(t, files.folder)
  t.equal(connections, 0)
})
