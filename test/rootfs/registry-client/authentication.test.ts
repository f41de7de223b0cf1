import type { IncomingMessage, ServerResponse } from 'node:http'
import t, { type Test } from 'tap'
import type { Credential } from '../../../rootfs/credentials/credential.ts'
import { getManifest } from '../../../rootfs/registry-client/manifests.ts'
import { readRemoteBlob } from '../../../rootfs/registry-client/read-blob.ts'
import {
  type TestRegistry,
  digestOf,
  readAll,
  refuse,
  sendBlob,
  startRegistry,
} from './test-registry.ts'

const me: Credential = { kind: 'password', username: 'me', password: 'secret' }
const basic = `Basic ${Buffer.from('me:secret').toString('base64')}`
const manifest = Buffer.from('{"schemaVersion":2,"manifests":[]}')
const type = 'application/vnd.oci.image.index.v1+json'

function withManifest(registry: TestRegistry): void {
  registry.manifests.set('1', { content: manifest, type })
}

function get(registry: TestRegistry, credential?: Credential, name = 'a/b') {
  return getManifest({ client: registry.client(credential), name }, '1')
}

function ask(response: ServerResponse, challenge: string): true {
  response.setHeader('www-authenticate', challenge)
  refuse(response, 401, 'UNAUTHORIZED')
  return true
}

function reply(response: ServerResponse, answer: object): void {
  response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(answer))
}

t.test('a password, only after the registry asked for one', async (t) => {
  const registry = await startRegistry(t)
  withManifest(registry)
  registry.intercept = ({ headers, url }, response) =>
    url !== '/v2/' && headers.authorization !== basic && ask(response, 'Basic realm="r"')
  const { content } = await get(registry, me)
  t.ok(content.equals(manifest))
  const sent = registry.seen
    .filter(({ url }) => url !== '/v2/')
    .map((each) => each.headers.authorization)
  t.strictSame(sent, [undefined, basic])
})

t.test('a wrong password is tried once', async (t) => {
  const registry = await startRegistry(t)
  withManifest(registry)
  registry.intercept = (_, response) => ask(response, 'Basic realm="r"')
  await t.rejects(get(registry, me), { code: 'ACCESS_DENIED' })
  t.equal(registry.seen.filter(({ url }) => url !== '/v2/').length, 2)
  registry.seen.length = 0
  await t.rejects(get(registry), { code: 'ACCESS_DENIED' })
  t.equal(registry.seen.filter(({ url }) => url !== '/v2/').length, 1, 'without one: not at all')
})

interface TokenServer {
  readonly tokens: string[]
  readonly asked: {
    method: string
    url: URL
    authorization: string | undefined
    form: URLSearchParams
  }[]
}

/** A registry that wants a bearer token, and the server that gives them out, in one. */
function wantTokens(
  registry: TestRegistry,
  answer: (request: IncomingMessage, response: ServerResponse, token: string) => void = (
    _,
    response,
    token,
  ) => reply(response, { token }),
): TokenServer {
  const state: TokenServer = { tokens: [], asked: [] }
  registry.intercept = async (request, response) => {
    const url = new URL(request.url ?? '', `http://${registry.host}`)
    if (url.pathname === '/token') {
      const form = new URLSearchParams((await readAll(request)).toString())
      const { authorization } = request.headers
      state.asked.push({ method: request.method ?? '', url, authorization, form })
      const token = `t${state.asked.length}`
      state.tokens.push(token)
      answer(request, response, token)
      return true
    }
    const last = state.tokens.at(-1)
    if (last !== undefined && request.headers.authorization === `Bearer ${last}`) return false
    return ask(response, `Bearer realm="http://${registry.host}/token",service="s&t",scope="x"`)
  }
  return state
}

t.test('a token for the right to pull', async (t) => {
  const registry = await startRegistry(t)
  withManifest(registry)
  const server = wantTokens(registry)
  await get(registry, me)
  const [asked] = server.asked
  t.equal(asked?.url.searchParams.get('scope'), 'repository:a/b:pull')
  t.equal(asked?.url.searchParams.get('service'), 's&t')
  t.equal(asked?.authorization, basic)
})

t.test('without a credential it asks for a token all the same', async (t) => {
  const registry = await startRegistry(t)
  withManifest(registry)
  const server = wantTokens(registry)
  await get(registry)
  t.equal(server.asked[0]?.authorization, undefined)
})

t.test('one token serves many requests; one that was withdrawn is got anew', async (t) => {
  const registry = await startRegistry(t)
  withManifest(registry)
  const server = wantTokens(registry)
  const repository = { client: registry.client(me), name: 'a' }
  await Promise.all([1, 2, 3, 4].map(() => getManifest(repository, '1')))
  await getManifest(repository, '1')
  t.equal(server.asked.length, 1)
  server.tokens.push('another')
  registry.seen.length = 0
  await getManifest(repository, '1')
  t.equal(server.asked.length, 2)
})

t.test('an identity token goes as a form', async (t) => {
  const registry = await startRegistry(t)
  withManifest(registry)
  const server = wantTokens(registry, (_, response, token) =>
    reply(response, { access_token: token, expires_in: 300 }),
  )
  await get(registry, { kind: 'identity-token', token: 'refresh' })
  const [asked] = server.asked
  t.equal(asked?.method, 'POST')
  t.match(Object.fromEntries(asked?.form ?? []), {
    grant_type: 'refresh_token',
    refresh_token: 'refresh',
    scope: 'repository:a/b:pull',
    service: 's&t',
  })
})

t.test('a server that takes forms only gets one', async (t) => {
  const registry = await startRegistry(t)
  withManifest(registry)
  const server = wantTokens(registry, (request, response, token) =>
    request.method === 'GET' ? refuse(response, 405, 'UNSUPPORTED') : reply(response, { token }),
  )
  await get(registry, me)
  t.match(Object.fromEntries(server.asked[1]?.form ?? []), {
    grant_type: 'password',
    username: 'me',
    password: 'secret',
  })
})

const badAnswers: { title: string; code: string; answer: (response: ServerResponse) => void }[] = [
  { title: 'that says no', code: 'ACCESS_DENIED', answer: (r) => refuse(r, 401, 'UNAUTHORIZED') },
  { title: 'that answers no JSON', code: 'PROTOCOL', answer: (r) => void r.end('<html>') },
  { title: 'without a token', code: 'PROTOCOL', answer: (r) => reply(r, { expires_in: 5 }) },
  {
    title: 'with a token that breaks the header',
    code: 'PROTOCOL',
    answer: (r) => reply(r, { token: 'a\r\nX: y' }),
  },
  {
    title: 'with an endless answer',
    code: 'PROTOCOL',
    answer: (r) => void r.end(Buffer.alloc(2_000_000, 'x')),
  },
]
for (const { title, code, answer } of badAnswers)
  t.test(`a token server ${title}`, async (t) => {
    const registry = await startRegistry(t)
    wantTokens(registry, (_, response) => answer(response))
    await t.rejects(get(registry, me), { code })
  })

t.test('a registry that never takes its own tokens', async (t) => {
  const registry = await startRegistry(t)
  const server = wantTokens(registry)
  const { intercept } = registry
  registry.intercept = (request, response) => {
    request.headers.authorization = 'Bearer no'
    return intercept(request, response)
  }
  await t.rejects(get(registry, me), { code: 'ACCESS_DENIED' })
  t.ok(server.asked.length <= 3)
})

async function readBlob(registry: TestRegistry, content: Buffer): Promise<Buffer> {
  const pieces: Buffer[] = []
  const repository = { client: registry.client(me), name: 'a' }
  const blob = { digest: digestOf(content), size: content.length }
  for await (const piece of readRemoteBlob(repository, blob)) pieces.push(piece)
  return Buffer.concat(pieces)
}

async function redirected(
  t: Test,
  place: (registry: TestRegistry, other: TestRegistry) => string,
): Promise<{ atOther: (string | undefined)[]; atRegistry: (string | undefined)[] }> {
  const registry = await startRegistry(t)
  const other = await startRegistry(t)
  const content = Buffer.from('content')
  registry.intercept = (request, response) => {
    if (request.url === '/v2/') return false
    if (request.headers.authorization !== basic) return ask(response, 'Basic realm="r"')
    if (request.url?.startsWith('/storage')) sendBlob(content, request, response)
    else response.writeHead(307, { location: place(registry, other) }).end()
    return true
  }
  other.intercept = (request, response) => {
    sendBlob(content, request, response)
    return true
  }
  t.ok((await readBlob(registry, content)).equals(content))
  const authorizations = ({ seen }: TestRegistry) =>
    seen.map(({ headers }) => headers.authorization)
  return { atOther: authorizations(other), atRegistry: authorizations(registry) }
}

t.test('no credential goes along to another host', async (t) => {
  const { atOther } = await redirected(t, (_, other) => `http://${other.host}/storage?signed=1`)
  t.strictSame(atOther, [undefined])
})

t.test('another name of the same host is another host', async (t) => {
  const { atOther } = await redirected(
    t,
    (_, other) => `http://localhost:${other.host.split(':')[1]}/storage`,
  )
  t.strictSame(atOther, [undefined])
})

t.test('within the registry it does', async (t) => {
  const { atRegistry } = await redirected(t, () => '/storage')
  t.equal(atRegistry.at(-1), basic)
})

t.test('redirects that never end, or lead nowhere', async (t) => {
  for (const location of ['/v2/again', 'file:///etc/passwd', 'http://[']) {
    const registry = await startRegistry(t)
    registry.intercept = ({ url }, response) => {
      if (url === '/v2/') return false
      response.writeHead(302, { location }).end()
      return true
    }
    await t.rejects(get(registry), { code: 'PROTOCOL' }, location)
  }
})

t.test('too many requests: it waits as long as it is asked to', async (t) => {
  const registry = await startRegistry(t)
  withManifest(registry)
  let refused = 0
  registry.intercept = ({ url }, response) => {
    if (url === '/v2/' || refused >= 3) return false
    refused += 1
    response.setHeader('retry-after', refused === 1 ? '1' : '0')
    refuse(response, refused === 2 ? 503 : 429, 'TOOMANYREQUESTS')
    return true
  }
  const before = performance.now()
  await get(registry)
  t.ok(performance.now() - before >= 1000)
})

t.test('too many requests for longer than anybody waits', async (t) => {
  const registry = await startRegistry(t)
  registry.intercept = ({ url }, response) => {
    if (url === '/v2/') return false
    response.setHeader('retry-after', '86400')
    refuse(response, 429, 'TOOMANYREQUESTS')
    return true
  }
  await t.rejects(get(registry), { code: 'UNREACHABLE', detail: { status: 429 } })
})
