import { request } from 'node:http'
import { connect } from 'node:net'
import { join } from 'node:path'
import t from 'tap'
import { digestOf, pushBlob, randomBlob } from './registry-content.ts'
import { startRegistry, testFolder } from './registry-process.ts'
import { type Answer, locationPath, send } from './registry-request.ts'

t.setTimeout(180_000)

const cuts = 25
const blobSize = 2_000_000

/** Send the rest of a blob in a `PATCH`, but cut the connection after so many bytes. */
function patchAndCut(url: string, path: string, rest: Buffer, cutAfter: number): Promise<void> {
  const { hostname, port } = new URL(url)
  return new Promise((resolve) => {
    const socket = connect(Number(port), hostname)
    socket.on('error', () => undefined)
    socket.on('close', () => resolve())
    socket.write(
      `PATCH ${path} HTTP/1.1\r\nHost: ${hostname}\r\nContent-Length: ${rest.length}\r\n\r\n`,
    )
    socket.write(rest.subarray(0, cutAfter), () => socket.resetAndDestroy())
  })
}

/** The status as a client asks for it that comes back after a cut. */
async function received(url: string, path: string): Promise<{ answer: Answer; size: number }> {
  const answer = await send(url, 'GET', path)
  const last = Number(/^0-(\d+)$/.exec(String(answer.headers.range))?.[1])
  return { answer, size: last === 0 ? 0 : last + 1 }
}

t.test('an upload that is cut again and again goes on, and ends whole', async (t) => {
  const { url } = await startRegistry(t, join(testFolder(t), 'state'))
  const blob = randomBlob(blobSize)
  const path = locationPath(await send(url, 'POST', '/v2/cut/blobs/uploads/'), url)
  let size = 0
  for (let cut = 0; cut < cuts && size < blobSize; cut += 1) {
    const rest = blob.bytes.subarray(size)
    await patchAndCut(url, path, rest, Math.floor(Math.random() * Math.min(rest.length, 200_000)))
    const status = await received(url, path)
    t.equal(status.answer.status, 204)
    t.ok(status.size >= size && status.size <= blobSize)
    size = status.size
  }
  const end = await send(url, 'PUT', `${path}?digest=${blob.digest}`, {
    body: blob.bytes.subarray(size),
  })
  t.equal(end.status, 201)
  const pulled = await send(url, 'GET', `/v2/cut/blobs/${blob.digest}`)
  t.ok(pulled.body.equals(blob.bytes))
})

t.test('a PUT that is cut leaves no blob', async (t) => {
  const { url } = await startRegistry(t, join(testFolder(t), 'state'))
  const blob = randomBlob(blobSize)
  const path = locationPath(await send(url, 'POST', '/v2/cut/blobs/uploads/'), url)
  const { hostname, port } = new URL(url)
  await new Promise<void>((resolve) => {
    const sent = request({
      hostname,
      port,
      method: 'PUT',
      path: `${path}?digest=${blob.digest}`,
      headers: { 'Content-Length': blob.size },
    })
    sent.on('error', () => undefined)
    sent.on('close', () => resolve())
    sent.write(blob.bytes.subarray(0, 1_234_567), () => sent.destroy())
  })
  t.equal((await send(url, 'HEAD', `/v2/cut/blobs/${blob.digest}`)).status, 404)
  await pushBlob(url, 'cut', blob)
  t.equal((await send(url, 'HEAD', `/v2/cut/blobs/${blob.digest}`)).status, 200)
})

t.test('a pull that is cut goes on with a range', async (t) => {
  const { url, errors } = await startRegistry(t, join(testFolder(t), 'state'))
  const blob = randomBlob(blobSize)
  await pushBlob(url, 'cut', blob)
  const { hostname, port } = new URL(url)
  const path = `/v2/cut/blobs/${blob.digest}`
  const pieces: Buffer[] = []
  let size = 0
  for (let turn = 0; ; turn += 1) {
    if (size === blobSize) break
    const limit = turn < cuts ? Math.floor(Math.random() * 300_000) : blobSize
    const start = size
    await new Promise<void>((resolve) => {
      const headers = { Range: `bytes=${start}-` }
      const sent = request({ hostname, port, path, headers, agent: false }, (answer) => {
        t.equal(answer.statusCode, 206)
        answer.on('error', () => undefined)
        answer.on('close', () => resolve())
        answer.on('data', (piece: Buffer) => {
          pieces.push(piece)
          size += piece.length
          if (size - start >= limit && size < blobSize) answer.destroy()
        })
      })
      sent.end()
    })
  }
  t.equal(digestOf(Buffer.concat(pieces)), blob.digest)
  t.notMatch(errors(), /myimage: serve/, 'clients that go away are no defects')
})

t.test('two connections never write to one upload at once', async (t) => {
  const { url } = await startRegistry(t, join(testFolder(t), 'state'))
  const blob = randomBlob(1_000_000)
  const path = locationPath(await send(url, 'POST', '/v2/cut/blobs/uploads/'), url)
  const { hostname, port } = new URL(url)
  // The first one stalls in the middle of its body, as a connection does that was lost on the way.
  const stalled = connect(Number(port), hostname)
  stalled.on('error', () => undefined)
  const closed = new Promise((resolve) => stalled.once('close', resolve))
  stalled.write(`PATCH ${path} HTTP/1.1\r\nHost: x\r\nContent-Length: ${blob.size}\r\n\r\n`)
  await new Promise((resolve) => stalled.write(blob.bytes.subarray(0, 300_000), resolve))
  const { size } = await received(url, path)
  await closed
  const end = await send(url, 'PUT', `${path}?digest=${blob.digest}`, {
    headers: { 'Content-Range': `${size}-${blob.size - 1}` },
    body: blob.bytes.subarray(size),
  })
  t.equal(end.status, 201)
})
