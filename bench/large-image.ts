import { execFileSync } from 'node:child_process'
import { createHash, randomBytes } from 'node:crypto'
import { createReadStream, createWriteStream, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { createGzip } from 'node:zlib'
import { type Header, type Pack, pack } from 'tar-stream'
import { findProgram } from './find-program.ts'

const fileCount = 20_000
const totalBytes = 225_000_000

export interface LargeImage {
  /** As `docker save` writes it. */
  readonly archive: string
  /** Its only layer. */
  readonly layer: string
}

/** A docker archive `bench-large` of 20 000 files of 225 MB in one uncompressed layer. */
export async function makeLargeImage(folder: string): Promise<LargeImage> {
  const layer = join(folder, 'layer.tar')
  const tar = pack()
  await Promise.all([pipeline(tar, createWriteStream(layer)), writeEntries(tar)])
  const hash = createHash('sha256')
  await pipeline(createReadStream(layer), hash)
  return { layer, archive: packArchive(folder, 'layer.tar', 'image.tar', hash.digest('hex')) }
}

/** The same image with its layer gzipped, as registries have it. */
export async function compressedImage(folder: string, { layer }: LargeImage): Promise<LargeImage> {
  const hash = createHash('sha256')
  await pipeline(createReadStream(layer), hash)
  const zipped = join(folder, 'layer.tar.gz')
  await pipeline(createReadStream(layer), createGzip({ level: 6 }), createWriteStream(zipped))
  const archive = packArchive(folder, 'layer.tar.gz', 'image-gzip.tar', hash.digest('hex'))
  return { layer: zipped, archive }
}

function packArchive(folder: string, layer: string, archive: string, diffId: string): string {
  const config = {
    architecture: process.arch === 'arm64' ? 'arm64' : 'amd64',
    os: 'linux',
    config: { Cmd: ['/bin/true'] },
    rootfs: { type: 'layers', diff_ids: [`sha256:${diffId}`] },
    history: [{ created_by: 'bench' }],
  }
  const manifest = [{ Config: 'config.json', RepoTags: ['bench-large:latest'], Layers: [layer] }]
  writeFileSync(join(folder, 'config.json'), JSON.stringify(config))
  writeFileSync(join(folder, 'manifest.json'), JSON.stringify(manifest))
  const path = join(folder, archive)
  execFileSync('tar', ['-C', folder, '-cf', path, 'manifest.json', 'config.json', layer])
  return path
}

/** Straight into the tar archive: twenty thousand small files need not be written twice. */
async function writeEntries(tar: Pack): Promise<void> {
  for (const name of ['bin', 'dev', 'etc', 'proc', 'sys', 'srv'])
    await writeEntry(tar, { name, type: 'directory', mode: 0o755 })
  const busybox = readFileSync(findProgram('busybox') ?? 'busybox')
  await writeEntry(tar, { name: 'bin/busybox', mode: 0o755 }, busybox)
  await writeEntry(tar, { name: 'bin/true', type: 'symlink', linkname: 'busybox' })
  await writeFiles(tar)
  tar.finalize()
}

/** Sizes from 0.2 to 1.8 times the mean, contents that do not compress. */
async function writeFiles(tar: Pack): Promise<void> {
  const mean = totalBytes / fileCount
  const pool = randomBytes(4 * 1024 * 1024)
  for (let index = 0; index < fileCount; index += 1) {
    const parent = `srv/${index % 200}`
    if (index < 200) await writeEntry(tar, { name: parent, type: 'directory', mode: 0o755 })
    const size = Math.round(mean * (0.2 + (1.6 * (index % 101)) / 100))
    const start = (index * 7919) % (pool.length - size)
    const name = `${parent}/file-${index}`
    await writeEntry(tar, { name, mode: 0o644 }, pool.subarray(start, start + size))
  }
}

function writeEntry(
  tar: Pack,
  header: Partial<Header> & { readonly name: string },
  content?: Buffer,
): Promise<void> {
  return new Promise((resolve, reject) => {
    const done = (error?: Error | null): void => (error ? reject(error) : resolve())
    if (content) tar.entry(header, content, done)
    else tar.entry(header, done)
  })
}
