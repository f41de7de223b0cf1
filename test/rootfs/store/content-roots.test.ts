import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t from 'tap'
import { blobOwnerPrefix, keepContent } from '../../../rootfs/store/content-roots.ts'
import { openImageStore } from '../../../rootfs/store/image-store.ts'
import { hasBlob } from '../../../rootfs/store/ingest-blob.ts'
import { withLease } from '../../../rootfs/store/lease.ts'
import { sweepContent } from '../../../rootfs/store/sweep-content.ts'
import { storeBlob } from '../../../rootfs/store/write-blob.ts'

const rows: { title: string; owner: string; keepsNamed: boolean }[] = [
  { title: 'an owner keeps a manifest and what it names', owner: 'cache', keepsNamed: true },
  {
    title: 'an owner of single blobs keeps the manifest alone',
    owner: `${blobOwnerPrefix}app`,
    keepsNamed: false,
  },
]

for (const { title, owner, keepsNamed } of rows)
  t.test(title, async (t) => {
    const base = mkdtempSync(join(tmpdir(), 'roots-'))
    const store = openImageStore({ dataDir: join(base, 'data'), runDir: join(base, 'run') })
    t.teardown(() => {
      store.close()
      rmSync(base, { recursive: true, force: true })
    })
    const [layer, manifest] = await withLease(store, async (lease) => {
      const named = await storeBlob(lease, Buffer.from('layer'))
      const document = { schemaVersion: 2, layers: [{ digest: named }] }
      const root = await storeBlob(lease, Buffer.from(JSON.stringify(document)))
      keepContent(store.database(), owner, root)
      return [named, root] as const
    })
    await sweepContent(store)
    t.equal(hasBlob(store.folders, manifest), true)
    t.equal(hasBlob(store.folders, layer), keepsNamed)
  })
