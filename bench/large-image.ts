import { execFileSync } from 'node:child_process'
import { createHash, randomBytes } from 'node:crypto'
import { createReadStream, mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { findProgram } from './find-program.ts'
import { makeRootFileSystem } from './root-file-system.ts'

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
  const files = join(folder, 'files')
  makeRootFileSystem(files, findProgram('busybox') ?? 'busybox')
  writeFiles(join(files, 'srv'))
  const layer = join(folder, 'layer.tar')
  execFileSync('tar', ['-C', files, '-cf', layer, '.'])
  rmSync(files, { recursive: true })
  const hash = createHash('sha256')
  await pipeline(createReadStream(layer), hash)
  const config = {
    architecture: process.arch === 'arm64' ? 'arm64' : 'amd64',
    os: 'linux',
    config: { Cmd: ['/bin/true'] },
    rootfs: { type: 'layers', diff_ids: [`sha256:${hash.digest('hex')}`] },
    history: [{ created_by: 'bench' }],
  }
  const manifest = [
    { Config: 'config.json', RepoTags: ['bench-large:latest'], Layers: ['layer.tar'] },
  ]
  writeFileSync(join(folder, 'config.json'), JSON.stringify(config))
  writeFileSync(join(folder, 'manifest.json'), JSON.stringify(manifest))
  const archive = join(folder, 'image.tar')
  execFileSync('tar', ['-C', folder, '-cf', archive, 'manifest.json', 'config.json', 'layer.tar'])
  return { archive, layer }
}

/** Sizes from 0.2 to 1.8 times the mean, contents that do not compress. */
function writeFiles(folder: string): void {
  const mean = totalBytes / fileCount
  const pool = randomBytes(4 * 1024 * 1024)
  for (let index = 0; index < fileCount; index += 1) {
    const parent = join(folder, String(index % 200))
    if (index < 200) mkdirSync(parent, { recursive: true })
    const size = Math.round(mean * (0.2 + (1.6 * (index % 101)) / 100))
    const start = (index * 7919) % (pool.length - size)
    writeFileSync(join(parent, `file-${index}`), pool.subarray(start, start + size))
  }
}
