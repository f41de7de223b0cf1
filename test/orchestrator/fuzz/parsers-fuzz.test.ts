import { mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { generateKeyPairSync } from 'node:crypto'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import packets from 'dns-packet'
import t from 'tap'
import { hasCode } from '../../../native/error.ts'
import { StatusError } from '../../../orchestrator/api/status-error.ts'
import { readKubeconfig } from '../../../orchestrator/client/read-kubeconfig.ts'
import { makeResolver } from '../../../orchestrator/dns/resolver.ts'
import { readCertificateRequest } from '../../../orchestrator/server/signing/read-request.ts'
import { signerRefuses } from '../../../orchestrator/server/signing/signers.ts'
import { parseYaml } from '../../../orchestrator/server/parse-yaml.ts'
import { makeTokenIssuer } from '../../../orchestrator/server/token-issuer.ts'
import { makeCertificateRequest } from '../../../orchestrator/join/make-certificate-request.ts'
import { restoreSqliteStore } from '../../../orchestrator/store/sqlite/restore.ts'
import { openSqliteStore } from '../../../orchestrator/store/sqlite/sqlite-store.ts'
import { pick } from '../../chaos/random.ts'
import { damagedBytes } from './damage.ts'
import { fuzzRounds, fuzzTimeout } from './fuzz-settings.ts'

// Bytes from outside that are not requests: whatever is in them, who reads them says so, or says nothing.

t.test('questions to the name server', { timeout: fuzzTimeout }, async (t) => {
  const service = {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name: 'web', namespace: 'shop' },
    spec: { clusterIP: '10.96.1.1' },
  }
  const resolve = makeResolver({
    names: {
      domain: 'cluster.local',
      service: (_namespace, name) => (name === 'web' ? service : undefined),
      slices: () => [],
      hasNamespace: () => true,
      nameOf: () => undefined,
    },
    // The server behind says back what it is asked, as an answer that is none.
    askUpstream: async (bytes) => bytes,
  })
  let answered = 0
  for (const { seed, random } of fuzzRounds(3_000)) {
    const whole = packets.encode({
      type: 'query',
      id: 1,
      flags: packets.RECURSION_DESIRED,
      questions: [
        {
          type: pick(random, ['A', 'AAAA', 'SRV', 'PTR', 'CNAME', 'TXT', 'NS']),
          name: pick(random, [
            'web.shop.svc.cluster.local',
            '_http._tcp.web.shop.svc.cluster.local',
            '1.1.96.10.in-addr.arpa',
            'example.org',
            `${'a.'.repeat(100)}cluster.local`,
            '.',
          ]),
        },
      ],
      additionals: [
        { type: 'OPT', name: '.', udpPayloadSize: 4096, flags: 0, options: [] } as never,
      ],
    })
    // Names that point at themselves.
    const looped = Buffer.concat([
      whole.subarray(0, 12),
      Buffer.from([0xc0, pick(random, [12, 0, 14, 255]), 0, 1, 0, 1]),
    ])
    const bytes = pick(random, [
      whole,
      looped,
      damagedBytes(random, whole),
      damagedBytes(random, damagedBytes(random, whole)),
    ])
    // As the sockets do it: a question that fails has no answer.
    const reply = await resolve(bytes, pick(random, ['udp', 'tcp'])).catch(() => undefined)
    if (reply && reply.length > 65_535) t.fail(`seed ${seed}: a long answer`)
    if (reply) answered++
  }
  t.ok(answered > 0)
})

t.test('requests for certificates', { timeout: fuzzTimeout }, async (t) => {
  const { request } = await makeCertificateRequest('system:node:n', 'system:nodes', [])
  const der = Buffer.from(request.replaceAll(/-----[^-]+-----|\s/g, ''), 'base64')
  let refused = 0
  for (const { random } of fuzzRounds(300)) {
    const body = damagedBytes(random, der).toString('base64')
    const pem = pick(random, [
      `-----BEGIN CERTIFICATE REQUEST-----\n${body}\n-----END CERTIFICATE REQUEST-----`,
      body,
      request.slice(5),
      `${request}${request}`,
    ])
    try {
      const question = await readCertificateRequest(Buffer.from(pem).toString('base64'))
      signerRefuses({
        ...question,
        signer: 'kubernetes.io/kube-apiserver-client-kubelet',
        usages: [],
      })
    } catch (error) {
      t.ok(error instanceof Error)
      refused++
    }
  }
  t.ok(refused > 0)
})

t.test('tokens', { timeout: fuzzTimeout }, async (t) => {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const issuer = makeTokenIssuer(
    privateKey.export({ type: 'pkcs8', format: 'pem' }),
    'https://cluster',
  )
  const claims = {
    namespace: 'default',
    name: 'a',
    uid: 'u',
    audiences: ['x'],
    expires: Math.floor(Date.now() / 1000) + 600,
  }
  const token = await issuer.issue(claims)
  const [head, payload, signature] = token.split('.') as [string, string, string]
  const unsigned = Buffer.from('{"alg":"none"}').toString('base64url')
  const symmetric = Buffer.from('{"alg":"HS256"}').toString('base64url')
  t.match(await issuer.verify(token, ['x']), { name: 'a' })
  for (const { seed, random } of fuzzRounds(300)) {
    const changed = damagedBytes(random, Buffer.from(token)).toString('latin1')
    const bad = pick(random, [
      changed,
      `${unsigned}.${payload}.`,
      `${symmetric}.${payload}.${signature}`,
      `${head}.${payload}`,
      `${head}..${signature}`,
      '..',
      '',
      'a'.repeat(100_000),
      `${head}.${'A'.repeat(100_000)}.${signature}`,
    ])
    const taken = await issuer.verify(bad, ['x'])
    // A changed last letter may stand for the same bytes.
    if (taken && bad.slice(0, -1) !== token.slice(0, -1))
      t.fail(`seed ${seed}: a token that was changed`, { bad })
  }
})

t.test('kubeconfigs', { timeout: fuzzTimeout }, async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'fuzz-'))
  t.teardown(() => rmSync(folder, { recursive: true }))
  const path = join(folder, 'config')
  const whole = `apiVersion: v1
kind: Config
current-context: a
clusters: [{name: c, cluster: {server: "https://127.0.0.1:1", certificate-authority-data: YQ==}}]
users: [{name: u, user: {token: t, client-key-data: YQ==}}]
contexts: [{name: a, context: {cluster: c, user: u, namespace: n}}]
`
  let [read, refused] = [0, 0]
  for (const { seed, random } of fuzzRounds(500)) {
    const bytes = damagedBytes(random, Buffer.from(whole))
    writeFileSync(
      path,
      pick(random, [
        bytes,
        bytes,
        Buffer.from(whole.replace(/c, cluster/, 'c, &a cluster')),
        Buffer.from('a: &a [*a, *a]'),
        Buffer.from('[]'),
        Buffer.alloc(0),
      ]),
    )
    try {
      await readKubeconfig(path)
      read++
    } catch (error) {
      refused++
      if (!hasCode(error, 'INVALID_ARGUMENT') && !hasCode(error, 'NOT_FOUND'))
        t.fail(`seed ${seed}: ${String(error)}`, { text: readFileSync(path, 'latin1'), error })
    }
  }
  t.ok(read > 0 && refused > 0)
})

t.test('YAML', { timeout: fuzzTimeout }, async (t) => {
  const whole = `apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a, labels: &l {a: "b"}}\ndata:\n  <<: *l\n  x: |\n    text\n  ? y\n  : !!binary aGk=\n  z: !!set {a, b}\n  w: 2001-01-01\n  v: 0o17\n  <<: [*l, *l]\n---\nb: c\n`
  for (const { seed, random } of fuzzRounds(500)) {
    const text = damagedBytes(
      random,
      Buffer.from(whole.slice(0, pick(random, [whole.length, whole.length - 9]))),
    ).toString('utf8')
    try {
      const value = await parseYaml(text)
      // What is read is JSON from here on.
      JSON.stringify(value)
    } catch (error) {
      if (!(error instanceof StatusError) || error.status.code !== 400)
        t.fail(`seed ${seed}: ${String(error)}`, { text })
    }
  }
})

t.test('backups', { timeout: fuzzTimeout }, async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'fuzz-'))
  t.teardown(() => rmSync(folder, { recursive: true }))
  const [path, backup, damaged] = ['store.db', 'backup', 'damaged'].map((name) =>
    join(folder, name),
  ) as [string, string, string]
  const store = openSqliteStore(path)
  for (let index = 0; index < 50; index++)
    await store.create(`/registry/a/${index}`, '{"a":1}'.repeat(20))
  await store.backup(backup)
  await store.close()
  const whole = readFileSync(backup)
  const before = readFileSync(path)
  let [restored, refused] = [0, 0]
  for (const { seed, random } of fuzzRounds(60)) {
    const bytes = pick(random, [
      damagedBytes(random, whole),
      damagedBytes(random, whole),
      Buffer.alloc(0),
      Buffer.alloc(5_000),
      whole.subarray(0, 4_096),
      Buffer.from('no database'),
    ])
    writeFileSync(damaged, bytes)
    try {
      restoreSqliteStore(damaged, path)
      restored++
      const again = openSqliteStore(path)
      await again.list('/registry/')
      await again.create('/registry/b', 'c')
      await again.close()
      writeFileSync(path, before)
    } catch (error) {
      refused++
      const isTold = ['INVALID_ARGUMENT', 'UNSUPPORTED'].some((code) =>
        hasCode(error, code as 'INVALID_ARGUMENT'),
      )
      if (!isTold) t.fail(`seed ${seed}: ${String(error)}`, { error, size: bytes.length })
      if (!readFileSync(path).equals(before)) t.fail(`seed ${seed}: refused and written`)
      if (readdirSync(folder).some((name) => name.includes('restoring')))
        t.fail(`seed ${seed}: something is left`)
    }
  }
  t.ok(refused > 0, `${restored} restored, ${refused} refused`)
})
