import { randomUUID } from 'node:crypto'
import { existsSync, mkdirSync, readdirSync, statSync, writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import t, { type Test } from 'tap'
import { basic, writeAccessFiles } from './registry-access.ts'
import {
  blobOf,
  manifestOf,
  ociIndex,
  ociManifest,
  pushBlob,
  pushImage,
  randomBlob,
} from './registry-content.ts'
import { type RegistryProcess, startRegistry, testFolder } from './registry-process.ts'
import { codesOf, locationPath, send } from './registry-request.ts'

t.setTimeout(180_000)

// Each test is one way in which registries were attacked, or could be.

interface Victim extends RegistryProcess {
  readonly root: string
}

async function victim(t: Test, flags: readonly string[] = []): Promise<Victim> {
  const root = join(testFolder(t), 'state')
  return { ...(await startRegistry(t, root, flags)), root }
}

/** Send bytes as they are. @returns what came back until the connection ended */
function sendRaw(port: number, bytes: string): Promise<string> {
  return new Promise((resolve) => {
    let text = ''
    const socket = connect(port, '127.0.0.1')
    socket.on('data', (piece) => (text += piece.toString('latin1')))
    socket.on('error', () => undefined)
    socket.on('close', () => resolve(text))
    socket.end(bytes)
  })
}

t.test('path traversal in names: nothing outside of the grammar reaches a file', async (t) => {
  const { url, root } = await victim(t)
  mkdirSync(join(root, 'outside'), { recursive: true })
  writeFileSync(join(root, 'outside/secret'), 'secret')
  const names = [
    '..',
    '../..',
    '%2e%2e',
    '..%2f..',
    'a/../../b',
    'a%00b',
    '.',
    '~',
    'a/./b',
    '%2e%2e%2f%2e%2e%2foutside',
  ]
  for (const name of names)
    for (const rest of [
      'manifests/secret',
      `blobs/sha256:${'0'.repeat(64)}`,
      'tags/list',
      'blobs/uploads/',
    ]) {
      const method = rest.endsWith('uploads/') ? 'POST' : 'GET'
      const answer = await send(url, method, `/v2/${name}/${rest}`)
      t.ok([400, 404].includes(answer.status), `${name}/${rest}: ${answer.status}`)
      t.notMatch(answer.body.toString(), 'secret')
    }
})

t.test(
  'path traversal in digests (CVE-2024-3727): refused before any path is made of it',
  async (t) => {
    const { url } = await victim(t)
    await pushImage(url, 'app', 'v1')
    const digests = [
      'sha256:../../../../etc/passwd',
      'sha256:..%2f..%2f..%2fimages.db',
      `sha256:${'0'.repeat(63)}/`,
      `sha256:${'0'.repeat(60)}%00%00%00%00`,
      'sha256:',
      ':',
      `sha1:${'0'.repeat(40)}`,
      `SHA256:${'0'.repeat(64)}`,
    ]
    for (const digest of digests) {
      for (const path of [`blobs/${digest}`, `manifests/${digest}`, `referrers/${digest}`])
        t.ok([400, 404].includes((await send(url, 'GET', `/v2/app/${path}`)).status), path)
      const query = encodeURIComponent(decodeURIComponent(digest))
      for (const parameter of ['digest', 'mount']) {
        const path = `/v2/app/blobs/uploads/?${parameter}=${query}&from=app`
        t.equal((await send(url, 'POST', path, { body: 'x' })).status, 400, path)
      }
    }
  },
)

t.test('path traversal in upload ids: only ids that were given out', async (t) => {
  const { url, root } = await victim(t)
  await send(url, 'POST', '/v2/app/blobs/uploads/')
  const ids = ['..%2f..%2fimages.db', '..', '%2e%2e%2fimages.db', 'x', randomUUID().toUpperCase()]
  for (const id of ids)
    for (const method of ['GET', 'PATCH', 'PUT', 'DELETE']) {
      const digest = blobOf('').digest
      const answer = await send(url, method, `/v2/app/blobs/uploads/${id}?digest=${digest}`)
      t.equal(answer.status, 404, `${method} ${id}`)
    }
  t.ok(existsSync(join(root, 'data/images.db')))
})

t.test('upload ids of one repository mean nothing in another one', async (t) => {
  const folder = testFolder(t)
  const { users, rules } = writeAccessFiles(folder)
  const flags = ['--htpasswd', users, '--access', rules]
  const { url } = await startRegistry(t, join(folder, 'state'), flags)
  const started = await send(url, 'POST', '/v2/hidden/app/blobs/uploads/', {
    headers: basic('root'),
  })
  const path = locationPath(started, url)
  const id = path.split('/').at(-1) ?? ''
  for (const method of ['GET', 'PATCH', 'PUT', 'DELETE']) {
    const digest = blobOf('').digest
    const headers = basic('alice')
    const elsewhere = `/v2/team/app/blobs/uploads/${id}?digest=${digest}`
    t.equal((await send(url, method, elsewhere, { headers })).status, 404, method)
    t.equal((await send(url, method, `${path}?digest=${digest}`, { headers })).status, 403, method)
  }
  t.equal((await send(url, 'GET', path, { headers: basic('root') })).status, 204)
})

t.test('header injection: no line break of a request becomes one of an answer', async (t) => {
  const { port } = await victim(t)
  const paths = [
    '/v2/a%0d%0aX-Injected:%201/manifests/v1',
    '/v2/app/manifests/v1%0d%0aX-Injected:%201',
    '/v2/app/blobs/uploads/?mount=sha256:0%0d%0aX-Injected:%201',
    '/v2/app/tags/list?n=1&last=%0d%0aX-Injected:%201',
    '/v2/app/referrers/sha256:0%0d%0aX-Injected:%201?artifactType=%0d%0aX-Injected:%201',
  ]
  for (const path of paths)
    for (const method of ['GET', 'POST', 'PUT'])
      t.notMatch(
        await sendRaw(
          port,
          `${method} ${path} HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\nConnection: close\r\n\r\n`,
        ),
        /^X-Injected/m,
      )
})

t.test('header injection: a Host that is none becomes no realm', async (t) => {
  const folder = testFolder(t)
  const { users } = writeAccessFiles(folder)
  const { port } = await startRegistry(t, join(folder, 'state'), [
    '--auth',
    'token',
    '--htpasswd',
    users,
  ])
  for (const host of ['evil"x,realm="http://other', 'a b', 'a/b', 'a\\b', 'x@y']) {
    const answer = await sendRaw(
      port,
      `GET /v2/ HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`,
    )
    t.match(answer, /^HTTP\/1\.1 400/, host)
    t.notMatch(answer, /WWW-Authenticate/i)
  }
})

t.test('request smuggling: a length given twice, or in two ways, is refused', async (t) => {
  const { port } = await victim(t)
  const rows = [
    'Content-Length: 5\r\nContent-Length: 6\r\n',
    'Content-Length: 5\r\nTransfer-Encoding: chunked\r\n',
    'Transfer-Encoding: xchunked\r\n',
    'Content-Length: +5\r\n',
  ]
  for (const headers of rows) {
    const bytes = `POST /v2/app/blobs/uploads/ HTTP/1.1\r\nHost: x\r\n${headers}\r\n0\r\n\r\nGET /v2/_catalog HTTP/1.1\r\nHost: x\r\n\r\n`
    const answer = await sendRaw(port, bytes)
    t.match(answer, /^HTTP\/1\.1 400/, headers)
    t.notMatch(answer, 'repositories')
  }
})

t.test('huge manifests: refused by their length, and when the length is not told', async (t) => {
  const { url, root } = await victim(t)
  const body = Buffer.alloc(5_000_000, ' ')
  for (const chunked of [false, true]) {
    const answer = await send(url, 'PUT', '/v2/app/manifests/v1', {
      headers: { 'Content-Type': ociManifest },
      body,
      chunked,
    })
    t.equal(answer.status, 413)
  }
  const started = await send(url, 'PUT', '/v2/app/manifests/v1', {
    headers: { 'Content-Type': ociManifest, 'Content-Length': '99999999999' },
  }).catch(() => undefined)
  t.ok(started === undefined || started.status === 413)
  t.same(readdirSync(join(root, 'data/uploads')), [])
})

t.test('hostile manifests: nesting, many entries, odd keys are answered at once', async (t) => {
  const { url } = await victim(t)
  await pushImage(url, 'app', 'v1')
  const entry = `{"mediaType":"${ociManifest}","digest":"sha256:${'0'.repeat(64)}","size":1}`
  const documents = [
    `${'['.repeat(1_000_000)}${']'.repeat(1_000_000)}`,
    `{"schemaVersion":2,"mediaType":"${ociIndex}","manifests":[${Array.from({ length: 20_000 }, () => entry).join(',')}]}`,
    `{"schemaVersion":2,"mediaType":"${ociIndex}","manifests":[${Array.from({ length: 9000 }, () => entry).join(',')}]}`,
    `{"__proto__":{"schemaVersion":2},"constructor":{"prototype":{}},"mediaType":"${ociIndex}"}`,
  ]
  for (const body of documents) {
    const type = body.includes(ociIndex) ? ociIndex : ociManifest
    const answer = await send(url, 'PUT', '/v2/app/manifests/x', {
      headers: { 'Content-Type': type },
      body,
    })
    t.equal(answer.status, 400)
    t.ok(answer.body.length < 100_000)
  }
  t.equal((await send(url, 'GET', '/v2/')).status, 200)
})

t.test('manifest and index in one document are refused (CVE-2021-41190)', async (t) => {
  const { url } = await victim(t)
  const config = blobOf('{}')
  await pushBlob(url, 'app', config)
  const both = manifestOf(config, [], { manifests: [] })
  for (const type of [ociManifest, ociIndex]) {
    const body = both.bytes.toString().replace(ociManifest, type)
    const answer = await send(url, 'PUT', '/v2/app/manifests/v1', {
      headers: { 'Content-Type': type },
      body,
    })
    t.equal(answer.status, 400)
    t.same(codesOf(answer), ['MANIFEST_INVALID'])
  }
})

t.test(
  'a decompression bomb is a blob as any other: the server decompresses nothing',
  async (t) => {
    const { url, root } = await victim(t)
    const bomb = blobOf(gzipSync(Buffer.alloc(100_000_000)))
    await pushBlob(url, 'app', bomb)
    await send(url, 'PUT', '/v2/app/manifests/x', {
      headers: { 'Content-Type': ociManifest, 'Content-Encoding': 'gzip' },
      body: bomb.bytes,
    })
    const answer = await send(url, 'GET', `/v2/app/blobs/${bomb.digest}`, {
      headers: { 'Accept-Encoding': 'gzip' },
    })
    t.equal(answer.headers['content-encoding'], undefined)
    t.equal(answer.body.length, bomb.size)
    t.equal(statSync(join(root, 'data/blobs/sha256', bomb.digest.slice(7))).size, bomb.size)
  },
)

t.test('content of another repository cannot be had by knowing its digest', async (t) => {
  const folder = testFolder(t)
  const { users, rules } = writeAccessFiles(folder)
  const { url } = await startRegistry(t, join(folder, 'state'), [
    '--htpasswd',
    users,
    '--access',
    rules,
  ])
  const secret = randomBlob(500)
  await pushBlob(url, 'hidden/app', secret, basic('root'))
  const headers = basic('alice')
  const status = async (method: string, path: string): Promise<number> =>
    (await send(url, method, path, { headers })).status
  t.equal(await status('GET', `/v2/team/app/blobs/${secret.digest}`), 404)
  t.equal(await status('GET', `/v2/hidden/app/blobs/${secret.digest}`), 403)
  t.equal(
    await status('POST', `/v2/team/app/blobs/uploads/?mount=${secret.digest}&from=hidden/app`),
    202,
  )
  t.equal(await status('POST', `/v2/team/app/blobs/uploads/?mount=${secret.digest}`), 202)
  await pushBlob(url, 'team/app', blobOf('{}'), headers)
  const stolen = manifestOf(blobOf('{}'), [secret])
  const put = await send(url, 'PUT', '/v2/team/app/manifests/v1', {
    headers: { ...headers, 'Content-Type': stolen.mediaType },
    body: stolen.bytes,
  })
  t.same(codesOf(put), ['MANIFEST_BLOB_UNKNOWN'])
})

t.test('a manifest cannot be read as a blob, nor a blob as a manifest', async (t) => {
  const { url } = await victim(t)
  const manifest = await pushImage(url, 'app', 'v1')
  t.equal((await send(url, 'GET', `/v2/app/blobs/${manifest.digest}`)).status, 404)
  const script = blobOf('<script>alert(1)</script>')
  await pushBlob(url, 'app', script)
  t.equal((await send(url, 'GET', `/v2/app/manifests/${script.digest}`)).status, 404)
  const answer = await send(url, 'GET', `/v2/app/blobs/${script.digest}`, {
    headers: { Accept: 'text/html' },
  })
  t.equal(answer.headers['content-type'], 'application/octet-stream')
  t.equal(answer.headers['x-content-type-options'], 'nosniff')
})

t.test('error bodies are JSON that nobody takes for a page', async (t) => {
  const { url } = await victim(t)
  const answer = await send(url, 'GET', '/v2/app/manifests/<script>alert(1)</script>')
  t.match(answer.headers['content-type'], /^application\/json/)
})

t.test('an endless body of a refused request does not bind the server', async (t) => {
  const { port, url } = await victim(t, ['--read-only'])
  const received = await new Promise<string>((resolve) => {
    let text = ''
    const socket = connect(port, '127.0.0.1')
    socket.on('data', (piece) => (text += piece.toString('latin1')))
    socket.on('error', () => undefined)
    socket.on('close', () => resolve(text))
    socket.write(
      'PUT /v2/app/manifests/v1 HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n',
    )
    const piece = `10000\r\n${'x'.repeat(65_536)}\r\n`
    const more = (error?: Error | null): void => {
      if (!error && socket.writable) socket.write(piece, more)
    }
    more()
  })
  t.match(received, /^HTTP\/1\.1 405/)
  t.equal((await send(url, 'GET', '/v2/')).status, 200)
})

t.test('a client that is refused is not asked for its body (Expect: 100-continue)', async (t) => {
  const { port } = await victim(t, ['--read-only'])
  const answer = await sendRaw(
    port,
    'PUT /v2/app/manifests/v1 HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nExpect: 100-continue\r\n\r\n',
  )
  t.match(answer, /^HTTP\/1\.1 405/)
})

t.test('state is readable for its owner alone (CVE-2021-41103)', async (t) => {
  const { url, root } = await victim(t)
  await pushImage(url, 'app', 'v1')
  await send(url, 'POST', '/v2/app/blobs/uploads/')
  for (const path of ['data', 'data/blobs/sha256', 'data/uploads'])
    t.equal(statSync(join(root, path)).mode & 0o077, 0, path)
  for (const name of readdirSync(join(root, 'data/uploads')))
    t.equal(statSync(join(root, 'data/uploads', name)).mode & 0o077, 0, name)
})
