import { execFileSync } from 'node:child_process'
import { createHash, randomBytes } from 'node:crypto'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'

export interface Layer {
  readonly tar: Buffer
  readonly blob: Buffer
}

/** A layer with one file whose content nobody can compress. */
export function randomLayer(folder: string, name: string, size: number): Layer {
  const root = mkdtempSync(join(folder, 'layer-'))
  writeFileSync(join(root, name), randomBytes(size))
  execFileSync('tar', ['-C', root, '-cf', join(root, 'tar'), name])
  const tar = readFileSync(join(root, 'tar'))
  rmSync(root, { recursive: true })
  return { tar, blob: gzipSync(tar, { level: 1 }) }
}

interface Descriptor {
  readonly mediaType: string
  readonly digest: string
  readonly size: number
}

const oci = 'application/vnd.oci.image'

/** An OCI layout of one image, or, with several platforms, of an index of images. @returns digest of its root */
export function writeLayout(
  folder: string,
  name: string,
  images: readonly { readonly architecture: string; readonly layers: readonly Layer[] }[],
): string {
  mkdirSync(join(folder, 'blobs/sha256'), { recursive: true })
  const put = (content: string | Buffer, mediaType: string): Descriptor => {
    const bytes = Buffer.from(content)
    const digest = createHash('sha256').update(bytes).digest('hex')
    writeFileSync(join(folder, 'blobs/sha256', digest), bytes)
    return { mediaType, digest: `sha256:${digest}`, size: bytes.length }
  }
  const manifests = images.map(({ architecture, layers }) => {
    const diffIds = layers.map(({ tar }) => createHash('sha256').update(tar).digest('hex'))
    const config = {
      architecture,
      os: 'linux',
      config: { Cmd: ['/bin/true'] },
      rootfs: { type: 'layers', diff_ids: diffIds.map((hex) => `sha256:${hex}`) },
    }
    const manifest = {
      schemaVersion: 2,
      mediaType: `${oci}.manifest.v1+json`,
      config: put(JSON.stringify(config), `${oci}.config.v1+json`),
      layers: layers.map(({ blob }) => put(blob, `${oci}.layer.v1.tar+gzip`)),
    }
    const platform = { os: 'linux', architecture }
    return { ...put(JSON.stringify(manifest), manifest.mediaType), platform }
  })
  const mediaType = `${oci}.index.v1+json`
  const [only] = manifests
  const root =
    manifests.length === 1 && only
      ? only
      : put(JSON.stringify({ schemaVersion: 2, mediaType, manifests }), mediaType)
  const annotations = { 'org.opencontainers.image.ref.name': name }
  const index = { schemaVersion: 2, manifests: [{ ...root, annotations }] }
  writeFileSync(join(folder, 'index.json'), JSON.stringify(index))
  writeFileSync(join(folder, 'oci-layout'), '{"imageLayoutVersion":"1.0.0"}')
  return root.digest
}
