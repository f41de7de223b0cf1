import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { request } from 'node:http'
import { join } from 'node:path'
import t from 'tap'
import { startRegistry, testFolder } from './registry-process.ts'
import { locationPath, send } from './registry-request.ts'

t.setTimeout(180_000)

const blobSize = 1024 * 1024 * 1024
const pieceSize = 1024 * 1024
/** What a registry may take for one transfer, however long that is. */
const allowedGrowth = 120 * 1024 * 1024

function memoryOf(pid: number): number {
  const match = /^VmHWM:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))
  return Number(match?.[1]) * 1024
}

/** Zeros, with a number at the beginning of each piece so that no two are alike. */
function* pieces(): Generator<Buffer> {
  const piece = Buffer.alloc(pieceSize)
  for (let at = 0; at < blobSize / pieceSize; at += 1) {
    piece.writeUInt32BE(at)
    yield piece
  }
}

function digestOfPieces(): string {
  const hash = createHash('sha256')
  for (const piece of pieces()) hash.update(piece)
  return `sha256:${hash.digest('hex')}`
}

function upload(url: string, path: string): Promise<number> {
  const { hostname, port } = new URL(url)
  return new Promise((resolve, reject) => {
    const headers = { 'Content-Length': blobSize }
    const sent = request({ hostname, port, path, method: 'PUT', headers }, (answer) => {
      answer.resume()
      resolve(answer.statusCode ?? 0)
    })
    sent.on('error', reject)
    void (async () => {
      for (const piece of pieces())
        // The buffer is used again, so it must be gone.
        await new Promise((done) => sent.write(piece, done))
      sent.end()
    })()
  })
}

function download(url: string, path: string): Promise<string> {
  const { hostname, port } = new URL(url)
  return new Promise((resolve, reject) => {
    const hash = createHash('sha256')
    const sent = request({ hostname, port, path }, (answer) => {
      answer.on('data', (piece: Buffer) => hash.update(piece))
      answer.on('end', () => resolve(`sha256:${hash.digest('hex')}`))
      answer.on('error', reject)
    })
    sent.on('error', reject)
    sent.end()
  })
}

t.test('memory does not grow with a blob of 1 GB that is pushed and pulled', async (t) => {
  const registry = await startRegistry(t, join(testFolder(t), 'state'))
  const digest = digestOfPieces()
  const before = memoryOf(registry.pid)
  const started = await send(registry.url, 'POST', '/v2/large/blobs/uploads/')
  t.equal(await upload(registry.url, locationPath(started, registry.url, { digest })), 201)
  const pushed = memoryOf(registry.pid)
  t.equal(await download(registry.url, `/v2/large/blobs/${digest}`), digest)
  const pulled = memoryOf(registry.pid)
  const megabytes = [before, pushed, pulled].map((bytes) => Math.round(bytes / 1024 / 1024))
  t.comment(
    `most memory at the beginning, after the push, after the pull: ${megabytes.join(', ')} MB`,
  )
  t.ok(pulled - before < allowedGrowth)
})
