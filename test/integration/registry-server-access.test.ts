import { generateKeyPairSync, randomUUID } from 'node:crypto'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { connect } from 'node:tls'
import { SignJWT, UnsecuredJWT } from 'jose'
import t, { type Test } from 'tap'
import { basic, bearer, writeAccessFiles, writeCertificate } from './registry-access.ts'
import { pushBlob, pushImage, randomBlob } from './registry-content.ts'
import { type RegistryProcess, startRegistry, testFolder } from './registry-process.ts'
import { type Answer, codesOf, send } from './registry-request.ts'

t.setTimeout(180_000)

async function token(
  url: string,
  scopes: readonly string[],
  headers: Record<string, string> = {},
): Promise<string> {
  const query = new URLSearchParams(scopes.map((scope) => ['scope', scope]))
  const answer = await send(url, 'GET', `/auth/token?service=myimage&${query.toString()}`, {
    headers,
  })
  if (answer.status !== 200) throw new Error(`token: ${answer.status} ${answer.body.toString()}`)
  return (JSON.parse(answer.body.toString()) as { token: string }).token
}

async function withRules(t: Test, kind: 'basic' | 'token'): Promise<RegistryProcess> {
  const folder = testFolder(t)
  const { users, rules } = writeAccessFiles(folder)
  const flags = ['--auth', kind, '--htpasswd', users, '--access', rules]
  return startRegistry(t, join(folder, 'state'), flags)
}

t.test('basic: each user may do what the rules say', async (t) => {
  const { url } = await withRules(t, 'basic')
  for (const name of ['team/app', 'public/app']) await pushImage(url, name, 'v1', [], basic('root'))
  const rows: { user?: string; method: string; path: string; want: number }[] = [
    { method: 'GET', path: '/v2/', want: 401 },
    { user: 'bob', method: 'GET', path: '/v2/', want: 200 },
    { method: 'GET', path: '/v2/team/app/manifests/v1', want: 401 },
    { method: 'GET', path: '/v2/public/app/manifests/v1', want: 200 },
    { method: 'GET', path: '/v2/public/app/tags/list', want: 200 },
    { method: 'GET', path: '/v2/_catalog', want: 401 },
    { user: 'bob', method: 'GET', path: '/v2/team/app/manifests/v1', want: 200 },
    { user: 'bob', method: 'POST', path: '/v2/team/app/blobs/uploads/', want: 403 },
    { user: 'bob', method: 'DELETE', path: '/v2/team/app/manifests/v1', want: 403 },
    { user: 'alice', method: 'POST', path: '/v2/team/app/blobs/uploads/', want: 202 },
    { user: 'alice', method: 'POST', path: '/v2/public/app/blobs/uploads/', want: 403 },
    { user: 'alice', method: 'DELETE', path: '/v2/team/app/manifests/v1', want: 403 },
    { method: 'POST', path: '/v2/public/app/blobs/uploads/', want: 401 },
    { user: 'mallory', method: 'GET', path: '/v2/public/app/manifests/v1', want: 401 },
    { user: 'root', method: 'DELETE', path: '/v2/team/app/manifests/v1', want: 202 },
    { method: 'GET', path: '/healthz', want: 200 },
    { method: 'GET', path: '/metrics', want: 401 },
    { user: 'bob', method: 'GET', path: '/metrics', want: 200 },
  ]
  for (const { user, method, path, want } of rows) {
    const answer = await send(url, method, path, { headers: user ? basic(user) : {} })
    t.equal(answer.status, want, `${user ?? 'nobody'} ${method} ${path}`)
    if (want === 401) t.match(answer.headers['www-authenticate'], /^Basic realm="myimage"/)
    if (want === 403) t.same(codesOf(answer), ['DENIED'])
  }
  const wrong = await send(url, 'GET', '/v2/', { headers: basic('bob', 'wrong') })
  t.equal(wrong.status, 401)
})

t.test('the catalog shows what its reader may pull', async (t) => {
  const { url } = await withRules(t, 'basic')
  for (const name of ['team/app', 'public/app', 'hidden/app'])
    await pushImage(url, name, 'v1', [], basic('root'))
  const seen = async (user: string): Promise<unknown> =>
    (
      JSON.parse(
        (await send(url, 'GET', '/v2/_catalog', { headers: basic(user) })).body.toString(),
      ) as { repositories: unknown }
    ).repositories
  t.same(await seen('bob'), ['public/app', 'team/app'])
  t.same(await seen('root'), ['hidden/app', 'public/app', 'team/app'])
})

t.test('token: the challenge names realm, service and scope', async (t) => {
  const { url, host } = await withRules(t, 'token')
  const challenges: { method: string; path: string; scope: string }[] = [
    { method: 'GET', path: '/v2/', scope: '' },
    { method: 'GET', path: '/v2/team/app/manifests/v1', scope: 'repository:team/app:pull' },
    { method: 'POST', path: '/v2/team/app/blobs/uploads/', scope: 'repository:team/app:pull,push' },
    { method: 'DELETE', path: '/v2/team/app/manifests/v1', scope: 'repository:team/app:delete' },
    { method: 'GET', path: '/v2/_catalog', scope: 'registry:catalog:*' },
  ]
  for (const { method, path, scope } of challenges) {
    const answer = await send(url, method, path)
    t.equal(answer.status, 401)
    const expected = `Bearer realm="http://${host}/auth/token",service="myimage"`
    t.equal(
      answer.headers['www-authenticate'],
      scope === '' ? expected : `${expected},scope="${scope}"`,
    )
  }
})

t.test('token: it has what was asked for as far as the rules allow it', async (t) => {
  const { url } = await withRules(t, 'token')
  const push = await token(url, ['repository:team/app:pull,push'], basic('alice'))
  await pushImage(url, 'team/app', 'v1', [], bearer(push))
  const rows: { title: string; scope: string; user?: string; method: string; want: number }[] = [
    {
      title: 'bob may pull',
      scope: 'repository:team/app:pull,push',
      user: 'bob',
      method: 'GET',
      want: 200,
    },
    {
      title: 'bob may not push',
      scope: 'repository:team/app:pull,push',
      user: 'bob',
      method: 'PUT',
      want: 401,
    },
    {
      title: 'a token for pulling does not push',
      scope: 'repository:team/app:pull',
      user: 'alice',
      method: 'PUT',
      want: 401,
    },
    {
      title: 'a token for another repository does not pull',
      scope: 'repository:team/other:pull',
      user: 'alice',
      method: 'GET',
      want: 401,
    },
    {
      title: 'a token for a repository below does not pull',
      scope: 'repository:team/app/sub:pull',
      user: 'alice',
      method: 'GET',
      want: 401,
    },
    {
      title: 'nobody gets a token, for nothing',
      scope: 'repository:team/app:pull',
      method: 'GET',
      want: 401,
    },
    {
      title: 'a star is what the rules allow',
      scope: 'repository:team/app:*',
      user: 'alice',
      method: 'DELETE',
      want: 401,
    },
    {
      title: 'root may delete',
      scope: 'repository:team/app:*',
      user: 'root',
      method: 'DELETE',
      want: 202,
    },
  ]
  for (const { title, scope, user, method, want } of rows) {
    const got = await token(url, [scope], user ? basic(user) : {})
    const answer = await send(url, method, '/v2/team/app/manifests/v1', { headers: bearer(got) })
    t.equal(answer.status, want, title)
    if (want === 401) t.match(answer.headers['www-authenticate'], /error="insufficient_scope"/)
  }
  const wrong = await send(url, 'GET', '/auth/token?service=myimage', {
    headers: basic('bob', 'x'),
  })
  t.equal(wrong.status, 401)
  const other = await send(url, 'GET', '/auth/token?service=other', { headers: basic('bob') })
  t.equal(other.status, 400)
  const form = await send(url, 'POST', '/auth/token', {
    headers: { 'Content-Type': 'application/x-www-form-urlencoded' },
    body: 'grant_type=password&username=bob&password=secret&service=myimage&scope=repository:team/app:pull',
  })
  t.equal(form.status, 200)
})

t.test('token: a mount needs the right to pull from the other repository', async (t) => {
  const { url } = await withRules(t, 'token')
  const blob = randomBlob(500)
  await pushBlob(
    url,
    'hidden/app',
    blob,
    bearer(await token(url, ['repository:hidden/app:*'], basic('root'))),
  )
  const own = bearer(
    await token(
      url,
      ['repository:team/app:pull,push', 'repository:hidden/app:pull'],
      basic('alice'),
    ),
  )
  for (const query of [`mount=${blob.digest}&from=hidden/app`, `mount=${blob.digest}`]) {
    const answer = await send(url, 'POST', `/v2/team/app/blobs/uploads/?${query}`, { headers: own })
    t.equal(answer.status, 202, query)
  }
  t.equal(
    (await send(url, 'HEAD', `/v2/team/app/blobs/${blob.digest}`, { headers: own })).status,
    404,
  )
  const both = bearer(
    await token(
      url,
      ['repository:team/app:pull,push', 'repository:hidden/app:pull'],
      basic('root'),
    ),
  )
  const mounted = await send(
    url,
    'POST',
    `/v2/team/app/blobs/uploads/?mount=${blob.digest}&from=hidden/app`,
    { headers: both },
  )
  t.equal(mounted.status, 201)
})

t.test('token: tokens of another token server', async (t) => {
  const folder = testFolder(t)
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const stranger = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const pem = publicKey.export({ type: 'spki', format: 'pem' })
  const files = { pem: join(folder, 'key.pem'), jwks: join(folder, 'keys.json') }
  writeFileSync(files.pem, pem)
  const jwk = { ...publicKey.export({ format: 'jwk' }), kid: 'one', alg: 'ES256' }
  writeFileSync(files.jwks, JSON.stringify({ keys: [jwk] }))
  const access = [{ type: 'repository', name: 'app', actions: ['pull', 'push'] }]
  const build = (change: Record<string, unknown> = {}): SignJWT =>
    new SignJWT({
      iss: 'https://issuer.example',
      aud: 'myimage',
      sub: 'carol',
      exp: Math.floor(Date.now() / 1000) + 300,
      jti: randomUUID(),
      access,
      ...change,
    }).setProtectedHeader({ alg: 'ES256', kid: 'one' })
  const now = Math.floor(Date.now() / 1000)
  const tokens: { title: string; token: string; want: number }[] = [
    { title: 'a good one', token: await build().sign(privateKey), want: 202 },
    { title: 'of a stranger', token: await build().sign(stranger.privateKey), want: 401 },
    {
      title: 'for another service',
      token: await build({ aud: 'other' }).sign(privateKey),
      want: 401,
    },
    { title: 'of another issuer', token: await build({ iss: 'x' }).sign(privateKey), want: 401 },
    { title: 'that expired', token: await build({ exp: now - 600 }).sign(privateKey), want: 401 },
    {
      title: 'that never expires',
      token: await build({ exp: undefined }).sign(privateKey),
      want: 401,
    },
    { title: 'of the future', token: await build({ nbf: now + 600 }).sign(privateKey), want: 401 },
    {
      title: 'without access',
      token: await build({ access: undefined }).sign(privateKey),
      want: 401,
    },
    {
      title: 'for pulling only',
      token: await build({ access: [{ type: 'repository', name: 'app', actions: ['pull'] }] }).sign(
        privateKey,
      ),
      want: 401,
    },
    {
      title: 'signed with the public key as a secret (algorithm confusion)',
      token: await new SignJWT({
        iss: 'https://issuer.example',
        aud: 'myimage',
        exp: now + 300,
        access,
      })
        .setProtectedHeader({ alg: 'HS256' })
        .sign(Buffer.from(pem)),
      want: 401,
    },
    {
      title: 'without a signature',
      token: new UnsecuredJWT({ access })
        .setIssuer('https://issuer.example')
        .setAudience('myimage')
        .setExpirationTime('5m')
        .encode(),
      want: 401,
    },
    { title: 'that is none', token: 'nonsense', want: 401 },
  ]
  for (const key of [files.pem, files.jwks]) {
    const { url } = await startRegistry(t, join(folder, 'state'), [
      '--token-realm',
      'https://issuer.example/token',
      '--token-issuer',
      'https://issuer.example',
      '--token-key',
      key,
    ])
    for (const { title, token: each, want } of tokens) {
      const answer = await send(url, 'POST', '/v2/app/blobs/uploads/', { headers: bearer(each) })
      t.equal(answer.status, want, title)
      if (want === 401)
        t.match(answer.headers['www-authenticate'], 'realm="https://issuer.example/token"')
    }
  }
})

t.test('anonymous pull: everybody reads, users write', async (t) => {
  for (const kind of ['basic', 'token']) {
    const folder = testFolder(t)
    const { users } = writeAccessFiles(folder)
    const flags = ['--auth', kind, '--htpasswd', users, '--anonymous-pull']
    const { url } = await startRegistry(t, join(folder, 'state'), flags)
    const scope = ['repository:app:pull,push']
    const writer =
      kind === 'basic' ? basic('alice') : bearer(await token(url, scope, basic('alice')))
    await pushImage(url, 'app', 'v1', [], writer)
    const reader = kind === 'basic' ? {} : bearer(await token(url, scope))
    const read = (headers: Record<string, string>): Promise<Answer> =>
      send(url, 'GET', '/v2/app/manifests/v1', { headers })
    t.equal((await read(reader)).status, 200, kind)
    if (kind === 'basic')
      t.equal((await read(basic('', ''))).status, 200, 'an empty user is nobody')
    const write = await send(url, 'POST', '/v2/app/blobs/uploads/', { headers: reader })
    t.equal(write.status, 401)
  }
})

t.test('wrong passwords are limited for each address', async (t) => {
  const { url } = await withRules(t, 'basic')
  const ping = async (user: string, secret?: string): Promise<number> =>
    (await send(url, 'GET', '/v2/', { headers: basic(user, secret) })).status
  t.equal(await ping('bob'), 200)
  const statuses = new Set<number>()
  for (let turn = 0; turn < 70; turn += 1) statuses.add(await ping('bob', `x${turn}`))
  t.same([...statuses], [401, 429])
  t.equal(await ping('bob'), 200, 'who was known before is known')
  t.equal(await ping('alice'), 429, 'no more passwords are looked at')
})

t.test(
  'TLS: a renewed certificate is used after SIGHUP; a broken one changes nothing',
  async (t) => {
    const folder = testFolder(t)
    const [first, second] = [writeCertificate(folder, 'first'), writeCertificate(folder, 'second')]
    const used = { cert: join(folder, 'used.crt'), key: join(folder, 'used.key') }
    const use = ({ cert, key }: typeof used): void => {
      writeFileSync(used.cert, readFileSync(cert))
      writeFileSync(used.key, readFileSync(key))
    }
    use(first)
    const flags = ['--tls-cert', used.cert, '--tls-key', used.key]
    const registry = await startRegistry(t, join(folder, 'state'), flags)
    const subject = (): Promise<string> =>
      new Promise((resolve, reject) => {
        const socket = connect(
          { port: registry.port, host: '127.0.0.1', rejectUnauthorized: false },
          () => {
            resolve(String(socket.getPeerCertificate().subject.CN))
            socket.destroy()
          },
        )
        socket.on('error', reject)
      })
    t.equal(await subject(), 'first')
    use(second)
    registry.process.kill('SIGHUP')
    while ((await subject()) !== 'second');
    writeFileSync(used.cert, 'broken')
    registry.process.kill('SIGHUP')
    while (!registry.errors().includes('set up TLS')) await subject()
    t.equal(await subject(), 'second')
  },
)
