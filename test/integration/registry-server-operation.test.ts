import { execFileSync } from 'node:child_process'
import { readFileSync, readdirSync, statSync } from 'node:fs'
import { request } from 'node:http'
import { join } from 'node:path'
import t from 'tap'
import { imageBench } from './image-command.ts'
import {
  blobOf,
  digestOf,
  manifestOf,
  pushBlob,
  pushImage,
  randomBlob,
} from './registry-content.ts'
import { startRegistry, testFolder } from './registry-process.ts'
import { codesOf, locationPath, send } from './registry-request.ts'

t.setTimeout(180_000)

async function until(condition: () => Promise<boolean> | boolean): Promise<void> {
  while (!(await condition())) await new Promise((resolve) => setTimeout(resolve, 20))
}

t.test('read-only: everything can be pulled, nothing changed', async (t) => {
  const root = join(testFolder(t), 'state')
  const writer = await startRegistry(t, root)
  const { digest } = await pushImage(writer.url, 'app', 'v1')
  await writer.end()
  const { url } = await startRegistry(t, root, ['--read-only'])
  t.equal((await send(url, 'GET', '/v2/app/manifests/v1')).status, 200)
  for (const [method, path] of [
    ['POST', '/v2/app/blobs/uploads/'],
    ['PUT', '/v2/app/manifests/v2'],
    ['DELETE', '/v2/app/manifests/v1'],
    ['DELETE', `/v2/app/manifests/${digest}`],
    ['DELETE', `/v2/app/blobs/${digest}`],
  ] as const) {
    const answer = await send(url, method, path)
    t.equal(answer.status, 405, `${method} ${path}`)
    t.same(codesOf(answer), ['UNSUPPORTED'])
    t.ok(answer.headers.allow)
  }
})

t.test('no delete: pushing works, deleting is 405', async (t) => {
  const { url } = await startRegistry(t, join(testFolder(t), 'state'), ['--no-delete'])
  const { digest } = await pushImage(url, 'app', 'v1')
  for (const path of [
    '/v2/app/manifests/v1',
    `/v2/app/manifests/${digest}`,
    `/v2/app/blobs/${digest}`,
  ])
    t.equal((await send(url, 'DELETE', path)).status, 405)
})

t.test('a quota of a repository refuses what is over it with DENIED; others go on', async (t) => {
  const root = join(testFolder(t), 'state')
  const { url } = await startRegistry(t, root, ['--repository-quota', '1M'])
  await pushImage(url, 'one', 'v1', [randomBlob(800_000)])
  const blob = randomBlob(500_000)
  const started = await send(url, 'POST', '/v2/one/blobs/uploads/')
  const path = locationPath(started, url)
  const declared = await send(url, 'PUT', `${path}?digest=${blob.digest}`, { body: blob.bytes })
  t.equal(declared.status, 403)
  t.same(codesOf(declared), ['DENIED'])
  const again = locationPath(await send(url, 'POST', '/v2/one/blobs/uploads/'), url)
  const streamed = await send(url, 'PATCH', again, { body: blob.bytes, chunked: true })
  t.equal(streamed.status, 403)
  t.same(readdirSync(join(root, 'data/uploads')), [], 'nothing of it stays')
  await pushBlob(url, 'two', blob)
  const mounted = await send(url, 'POST', `/v2/one/blobs/uploads/?mount=${blob.digest}&from=two`)
  t.equal(mounted.status, 403, 'a mount counts too')
  const manifest = manifestOf(blobOf('{}'), [], { annotations: { fill: 'x'.repeat(400_000) } })
  await pushBlob(url, 'one', blobOf('{}'))
  const put = await send(url, 'PUT', '/v2/one/manifests/large', {
    headers: { 'Content-Type': manifest.mediaType },
    body: manifest.bytes,
  })
  t.equal(put.status, 403, 'a manifest counts too')
})

t.test('a quota of the whole registry counts shared content once', async (t) => {
  const { url } = await startRegistry(t, join(testFolder(t), 'state'), ['--quota', '1M'])
  const blob = randomBlob(600_000)
  await pushBlob(url, 'one', blob)
  const mounted = await send(url, 'POST', `/v2/two/blobs/uploads/?mount=${blob.digest}&from=one`)
  t.equal(mounted.status, 201)
  const other = randomBlob(600_000)
  const refused = await send(url, 'POST', `/v2/two/blobs/uploads/?digest=${other.digest}`, {
    body: other.bytes,
  })
  t.equal(refused.status, 403)
})

t.test('uploads of one address are limited', async (t) => {
  const flags = ['--uploads-per-minute', '3']
  const { url } = await startRegistry(t, join(testFolder(t), 'state'), flags)
  for (let turn = 0; turn < 3; turn += 1)
    t.equal((await send(url, 'POST', '/v2/app/blobs/uploads/')).status, 202)
  const refused = await send(url, 'POST', '/v2/app/blobs/uploads/')
  t.equal(refused.status, 429)
  t.same(codesOf(refused), ['TOOMANYREQUESTS'])
  t.equal(refused.headers['retry-after'], '20')
})

t.test('metrics count requests and bytes, on their own address', async (t) => {
  const root = join(testFolder(t), 'state')
  const metricsPort = 20_000 + Math.floor(Math.random() * 10_000)
  const flags = ['--metrics-addr', `127.0.0.1:${metricsPort}`]
  const { url } = await startRegistry(t, root, flags)
  const layer = randomBlob(50_000)
  await pushImage(url, 'app', 'v1', [layer])
  await send(url, 'GET', `/v2/app/blobs/${layer.digest}`)
  await send(url, 'BREW', '/v2/')
  t.equal((await send(url, 'GET', '/metrics')).status, 404)
  const own = `http://127.0.0.1:${metricsPort}`
  t.equal((await send(own, 'GET', '/v2/app/manifests/v1')).status, 404, 'no registry there')
  const answer = await send(own, 'GET', '/metrics')
  t.match(answer.headers['content-type'], /^text\/plain/)
  const text = answer.body.toString()
  const value = (name: string): number =>
    Number(
      text
        .split('\n')
        .find((line) => line.startsWith(`${name} `))
        ?.split(' ')
        .at(-1),
    )
  t.equal(value('registry_http_requests_total{endpoint="blob",method="GET",status="200"}'), 1)
  t.equal(value('registry_http_requests_total{endpoint="manifest",method="PUT",status="201"}'), 1)
  t.ok(value('registry_received_bytes_total') > 50_000)
  t.ok(value('registry_sent_bytes_total') > 50_000)
  t.ok(value('registry_stored_bytes') > 50_000)
})

t.test('the access log has a line of JSON for each request, without its query', async (t) => {
  const folder = testFolder(t)
  const file = join(folder, 'access.log')
  const { url } = await startRegistry(t, join(folder, 'state'), ['--access-log', file])
  const blob = randomBlob(100_000)
  const started = await send(url, 'POST', '/v2/app/blobs/uploads/')
  await send(url, 'PUT', locationPath(started, url, { digest: blob.digest, secret: 'hidden' }), {
    body: blob.bytes,
    headers: { 'User-Agent': 'tester/1' },
  })
  await send(url, 'GET', `/v2/app/blobs/${blob.digest}`)
  await until(() => readFileSync(file, 'utf8').split('\n').length > 3)
  const text = readFileSync(file, 'utf8')
  t.notMatch(text, 'hidden')
  const [, put, get] = text
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Record<string, unknown>)
  t.match(put, {
    method: 'PUT',
    status: 201,
    agent: 'tester/1',
    remote: '127.0.0.1',
    complete: true,
  })
  t.ok(Number(put?.['bytesIn']) > 100_000)
  t.match(get, { method: 'GET', path: `/v2/app/blobs/${blob.digest}`, status: 200 })
  t.ok(Number(get?.['bytesOut']) > 100_000)
  t.match(get?.['time'], /^\d{4}-\d\d-\d\dT/)
})

t.test('SIGTERM: what is under way ends, nothing new begins, exit code 0', async (t) => {
  const root = join(testFolder(t), 'state')
  const registry = await startRegistry(t, root)
  const blob = randomBlob(3_000_000)
  const started = await send(registry.url, 'POST', '/v2/app/blobs/uploads/')
  const path = locationPath(started, registry.url, { digest: blob.digest })
  const { hostname, port } = new URL(registry.url)
  const headers = { 'Content-Length': blob.size }
  const sent = request({ hostname, port, path, method: 'PUT', headers })
  const status = new Promise<number>((resolve, reject) => {
    sent.on('error', reject)
    sent.on('response', (answer) => {
      answer.resume()
      resolve(answer.statusCode ?? 0)
    })
  })
  sent.write(blob.bytes.subarray(0, 2_000_000))
  const uploads = join(root, 'data/uploads')
  await until(() => readdirSync(uploads).some((name) => statSync(join(uploads, name)).size > 0))
  const ending = registry.end('SIGTERM')
  await until(() =>
    send(registry.url, 'GET', '/v2/').then(
      () => false,
      () => true,
    ),
  )
  sent.end(blob.bytes.subarray(2_000_000))
  t.equal(await status, 201)
  t.equal(await ending, 0)
})

t.test('SIGTERM: what does not end in time is cut', async (t) => {
  const registry = await startRegistry(t, join(testFolder(t), 'state'), [
    '--shutdown-grace',
    '200ms',
  ])
  const started = await send(registry.url, 'POST', '/v2/app/blobs/uploads/')
  const { hostname, port } = new URL(registry.url)
  const path = locationPath(started, registry.url)
  const sent = request({ hostname, port, path, method: 'PATCH', headers: { 'Content-Length': 10 } })
  const closed = new Promise((resolve) => sent.on('close', resolve))
  sent.on('error', () => undefined)
  await new Promise((resolve) => sent.write('abc', resolve))
  t.equal(await registry.end('SIGTERM'), 0)
  await closed
})

t.test('an address that is taken is told in one line', async (t) => {
  const folder = testFolder(t)
  const { host } = await startRegistry(t, join(folder, 'one'))
  await t.rejects(startRegistry(t, join(folder, 'two'), ['--addr', host]), /--addr/)
})

t.test(
  'a manifest is replaced only where the condition holds (If-Match, If-None-Match)',
  async (t) => {
    const { url } = await startRegistry(t, join(testFolder(t), 'state'))
    const first = await pushImage(url, 'app', 'v1')
    const second = manifestOf(blobOf('{}'), [])
    await pushBlob(url, 'app', blobOf('{}'))
    const put = async (headers: Record<string, string>, reference = 'v1'): Promise<number> =>
      (
        await send(url, 'PUT', `/v2/app/manifests/${reference}`, {
          headers: { 'Content-Type': second.mediaType, ...headers },
          body: second.bytes,
        })
      ).status
    t.equal(await put({ 'If-None-Match': '*' }), 412)
    t.equal(await put({ 'If-Match': `"${digestOf(Buffer.from('other'))}"` }), 412)
    t.equal(await put({ 'If-Match': `"${first.digest}"` }), 201)
    t.equal(await put({ 'If-None-Match': '*' }, 'v2'), 201)
  },
)

t.test(
  'images of the local store can be pulled where that is wanted, and not where it is not',
  async (t) => {
    const { base, myimage } = imageBench(t)
    execFileSync('sh', ['-ec', 'mkdir r && echo x > r/x && tar -C r -cf r.tar .'], { cwd: base })
    for (const name of ['own:1', 'localhost:5000/with/port:2', 'docker.io/library/hub:3'])
      myimage('import', '-q', join(base, 'r.tar'), name)
    const root = join(base, 'state')
    const { url, host } = await startRegistry(t, root, ['--share-local-images'])
    const json = async (path: string): Promise<unknown> =>
      JSON.parse((await send(url, 'GET', path)).body.toString())
    await pushImage(url, 'own', '2')
    await pushImage(url, 'pushed', '1')
    const names = ['docker.io/library/hub', 'docker.io/library/own', 'own', 'pushed', 'with/port']
    t.match(await json('/v2/_catalog'), { repositories: names })
    t.same(await json('/v2/with/port/tags/list'), { name: 'with/port', tags: ['2'] })
    const folder = join(base, 'out')
    execFileSync('skopeo', [
      'copy',
      '-q',
      '--src-tls-verify=false',
      `docker://${host}/with/port:2`,
      `dir:${folder}`,
    ])
    const manifest = await send(url, 'GET', '/v2/with/port/manifests/2')
    t.ok(readFileSync(join(folder, 'manifest.json')).equals(manifest.body))
    const digest = String(manifest.headers['docker-content-digest'])
    t.equal((await send(url, 'GET', `/v2/with/port/manifests/${digest}`)).status, 200)
    t.equal((await send(url, 'GET', `/v2/pushed/manifests/${digest}`)).status, 404)
    t.equal((await send(url, 'DELETE', '/v2/with/port/manifests/2')).status, 404)

    const closed = await startRegistry(t, root)
    t.equal((await send(closed.url, 'GET', '/v2/with/port/manifests/2')).status, 404)
  },
)

t.test('neither a reader of the log that goes nor a hangup ends the server', async (t) => {
  const registry = await startRegistry(t, join(testFolder(t), 'state'))
  registry.process.stdout?.destroy()
  registry.process.kill('SIGHUP')
  for (let turn = 0; turn < 20; turn += 1)
    t.equal((await send(registry.url, 'GET', '/v2/')).status, 200)
})

t.test(
  'a client that reads only other types is told so, and one that names none gets all',
  async (t) => {
    const { url } = await startRegistry(t, join(testFolder(t), 'state'))
    const { mediaType } = await pushImage(url, 'app', 'v1')
    const rows: { accept?: string; status: number }[] = [
      { status: 200 },
      { accept: '*/*', status: 200 },
      { accept: `text/html, ${mediaType};q=0.1`, status: 200 },
      { accept: 'application/vnd.docker.distribution.manifest.v2+json', status: 404 },
    ]
    for (const { accept, status } of rows) {
      const headers = accept === undefined ? {} : { Accept: accept }
      const answer = await send(url, 'GET', '/v2/app/manifests/v1', { headers })
      t.equal(answer.status, status, accept ?? 'no Accept')
      if (status === 404) t.match(answer.body.toString(), mediaType)
    }
  },
)
