import { createHash } from 'node:crypto'
import { existsSync, readFileSync } from 'node:fs'
import { type IncomingMessage, type ServerResponse, createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { download, parseChecksum } from '../../../rootfs/build-steps/download.ts'

const content = Buffer.from('content of the file\n')
const modified = 'Wed, 21 Oct 2015 07:28:00 GMT'

const routes: Record<string, (request: IncomingMessage, response: ServerResponse) => void> = {
  '/plain/a%20b.txt': (_, response) =>
    response.writeHead(200, { 'last-modified': modified }).end(content),
  '/': (_, response) => response.end(content),
  '/named': (_, response) =>
    response
      .writeHead(200, { 'content-disposition': 'attachment; filename="given.tgz"' })
      .end(content),
  '/climbing': (_, response) =>
    response
      .writeHead(200, { 'content-disposition': 'attachment; filename="../../etc/passwd"' })
      .end(content),
  '/moved': (_, response) => response.writeHead(302, { location: '/plain/a%20b.txt' }).end(),
  '/loop': (_, response) => response.writeHead(302, { location: '/loop' }).end(),
  '/to-file': (_, response) => response.writeHead(302, { location: 'file:///etc/passwd' }).end(),
  '/cut': (_, response) => {
    response.writeHead(200, { 'content-length': '1000' }).write(content)
    setImmediate(() => response.destroy())
  },
  '/gone': (_, response) => response.writeHead(404).end(),
  '/broken': (_, response) => response.writeHead(500).end(),
  '/endless': (_, response) => {
    const more = (): void =>
      void (response.destroyed || (response.write(Buffer.alloc(65_536)), setImmediate(more)))
    more()
  },
}

async function server(t: Test): Promise<string> {
  const made = createServer((request, response) => {
    const route = routes[request.url ?? '']
    if (route) route(request, response)
    else response.writeHead(404).end()
  })
  await new Promise<void>((resolve) => made.listen(0, '127.0.0.1', resolve))
  t.teardown(() => {
    made.closeAllConnections()
    made.close()
  })
  return `http://127.0.0.1:${(made.address() as AddressInfo).port}`
}

const found: { path: string; name: string | undefined; mtime?: number }[] = [
  { path: '/plain/a%20b.txt', name: 'a b.txt', mtime: 1_445_412_480 },
  { path: '/', name: undefined },
  { path: '/named', name: 'given.tgz' },
  { path: '/climbing', name: 'passwd' },
  { path: '/moved', name: 'moved', mtime: 1_445_412_480 },
]
for (const { path, name, mtime } of found)
  t.test(`downloads ${path}`, async (t) => {
    const file = join(t.testdir(), 'file')
    const result = await download(`${await server(t)}${path}`, { file })
    t.strictSame(readFileSync(file), content)
    t.equal(result.name, name)
    t.equal(result.mtime?.seconds, mtime)
    t.equal(result.digest, `sha256:${createHash('sha256').update(content).digest('hex')}`)
  })

const refused: { path: string; code: string; maximumSize?: number; checksum?: string }[] = [
  { path: '/gone', code: 'NOT_FOUND' },
  { path: '/broken', code: 'PROTOCOL' },
  { path: '/loop', code: 'PROTOCOL' },
  { path: '/to-file', code: 'PROTOCOL' },
  { path: '/endless', code: 'INVALID_ARGUMENT', maximumSize: 1_000_000 },
  { path: '/', code: 'INVALID_ARGUMENT', checksum: `sha256:${'0'.repeat(64)}` },
  { path: '/', code: 'INVALID_ARGUMENT', checksum: 'md5:0123' },
]
for (const { path, code, ...options } of refused)
  t.test(`refuses ${path} ${JSON.stringify(options)}`, async (t) => {
    const file = join(t.testdir(), 'file')
    await t.rejects(download(`${await server(t)}${path}`, { file, ...options }), { code })
    t.notOk(existsSync(file), 'nothing is left')
  })

t.test('a download that is cut off leaves nothing', async (t) => {
  const file = join(t.testdir(), 'file')
  await t.rejects(download(`${await server(t)}/cut`, { file }))
  t.notOk(existsSync(file))
})

t.test('says which address it could not reach', async (t) => {
  // Port 1 of this host: nobody listens there.
  const address = 'http://127.0.0.1:1/file'
  await t.rejects(download(address, { file: join(t.testdir(), 'file') }), {
    code: 'UNREACHABLE',
    step: `download ${address}`,
  })
})

t.test('takes only http and https', async (t) => {
  for (const address of ['ftp://x/y', 'file:///etc/passwd', 'nonsense'])
    await t.rejects(download(address, { file: join(t.testdir(), 'file') }), {
      code: 'INVALID_ARGUMENT',
    })
})

t.test('checksums of every algorithm', async (t) => {
  const address = `${await server(t)}/`
  for (const algorithm of ['sha256', 'sha384', 'sha512']) {
    const checksum = `${algorithm}:${createHash(algorithm).update(content).digest('hex')}`
    await download(address, { file: join(t.testdir(), 'file'), checksum })
    t.ok(parseChecksum(checksum))
  }
})
