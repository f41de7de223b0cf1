import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { request } from 'node:https'
import type { RequestOptions } from 'node:https'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { webcrypto } from 'node:crypto'
import t from 'tap'
import type { Test } from 'tap'
import { bootstrapTokenSecret } from '../../../orchestrator/server/bootstrap-tokens.ts'
import { serverUser } from '../../../orchestrator/server/bootstrap.ts'
import { loadX509 } from '../../../orchestrator/server/certificates.ts'
import { sign } from '../../../orchestrator/server/cluster-info.ts'
import { runServer } from '../../../orchestrator/server/run-server.ts'

const token = 'abcdef.0123456789abcdef'
const requests = '/apis/certificates.k8s.io/v1/certificatesigningrequests'
const write = { user: serverUser, dryRun: false }

async function start(t: Test) {
  const folder = mkdtempSync(join(tmpdir(), 'join-'))
  const server = await runServer({
    dataDir: folder,
    host: '127.0.0.1',
    port: 0,
    controls: false,
    schedules: false,
  })
  t.teardown(async () => {
    await server.close()
    rmSync(folder, { recursive: true })
  })
  const { registry, resources } = server.api.context
  const create = (object: Record<string, unknown>, namespace?: string) => {
    const whole = { apiVersion: 'v1', metadata: {}, kind: '', ...object }
    return resources.create(registry.byKind('v1', whole.kind)!, namespace, whole, write)
  }
  await create({ ...bootstrapTokenSecret(token) }, 'kube-system')
  const ca = readFileSync(join(folder, 'pki', 'ca.crt'))
  const call = (method: string, path: string, credentials: RequestOptions, body?: object) =>
    send(`${server.url}${path}`, { method, ca, ...credentials }, body)
  return { create, call, registry, resources }
}

function send(url: string, options: RequestOptions, body?: object) {
  return new Promise<{ code: number; body: Record<string, unknown> }>((resolve, reject) => {
    const outgoing = request(url, {
      ...options,
      headers: { 'content-type': 'application/json', ...(options.headers as object | undefined) },
      agent: false,
    })
    outgoing.on('error', reject)
    outgoing.on('response', (response) => {
      const whole = text(response)
      whole.then(
        (got) =>
          resolve({
            code: response.statusCode ?? 0,
            body: JSON.parse(got) as Record<string, unknown>,
          }),
        reject,
      )
    })
    outgoing.end(body === undefined ? undefined : JSON.stringify(body))
  })
}

const bearer = { headers: { authorization: `Bearer ${token}` } }

async function makeRequest(subject: string, hosts: readonly string[] = []) {
  const x509 = await loadX509()
  const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' }
  const keys = await webcrypto.subtle.generateKey(algorithm, true, ['sign', 'verify'])
  const names = hosts.map((value) => ({ type: 'ip' as const, value }))
  const csr = await x509.Pkcs10CertificateRequestGenerator.create({
    name: subject,
    keys,
    signingAlgorithm: algorithm,
    extensions: names.length > 0 ? [new x509.SubjectAlternativeNameExtension(names)] : [],
  })
  const der = Buffer.from(await webcrypto.subtle.exportKey('pkcs8', keys.privateKey))
  return {
    pem: Buffer.from(csr.toString('pem')).toString('base64'),
    key: `-----BEGIN PRIVATE KEY-----\n${der.toString('base64')}\n-----END PRIVATE KEY-----\n`,
  }
}

type Started = Awaited<ReturnType<typeof start>>

/** Ask for a certificate and wait until it is decided. */
async function ask(
  { call, registry, resources }: Started,
  credentials: RequestOptions,
  subject: string,
  { signer = 'kube-apiserver-client-kubelet', hosts = [] as readonly string[] } = {},
) {
  const { pem, key } = await makeRequest(subject, hosts)
  const purpose = signer === 'kubelet-serving' ? 'server auth' : 'client auth'
  const created = await call('POST', requests, credentials, {
    apiVersion: 'certificates.k8s.io/v1',
    kind: 'CertificateSigningRequest',
    metadata: { generateName: 'csr-' },
    spec: {
      request: pem,
      signerName: `kubernetes.io/${signer}`,
      usages: ['digital signature', purpose],
      username: 'somebody-else',
    },
  })
  const { name = '' } = (created.body['metadata'] ?? {}) as { name?: string }
  const read = async () => {
    const kind = registry.byKind('certificates.k8s.io/v1', 'CertificateSigningRequest')!
    const { spec, status } = await resources.get(kind, undefined, name)
    return { spec, status: status as { certificate?: string; conditions?: object[] } | undefined }
  }
  return { code: created.code, key, read }
}

async function certificateOf({ read }: Awaited<ReturnType<typeof ask>>): Promise<string> {
  const end = Date.now() + 5_000
  while (Date.now() < end) {
    const { status } = await read()
    if (status?.certificate) return Buffer.from(status.certificate, 'base64').toString()
    await new Promise((resolve) => setImmediate(resolve))
  }
  throw new Error('no certificate in time')
}

t.test('a machine with a token becomes a node', async (t) => {
  const started = await start(t)
  const { call, create } = started
  const client = await ask(started, bearer, 'CN=system:node:n1,O=system:nodes')
  t.equal(client.code, 201)
  t.match((await client.read()).spec, { username: 'system:bootstrap:abcdef' })
  const node = { key: client.key, cert: await certificateOf(client) }

  const body = { apiVersion: 'v1', kind: 'Node', metadata: { name: 'n1' } }
  t.equal((await call('POST', '/api/v1/nodes', node, body)).code, 201, 'it registers itself')
  const other = { ...body, metadata: { name: 'n2' } }
  t.equal((await call('POST', '/api/v1/nodes', node, other)).code, 403, 'and nobody else')

  const options = { signer: 'kubelet-serving', hosts: ['10.9.8.7'] }
  const serving = await ask(started, node, 'CN=system:node:n1,O=system:nodes', options)
  t.match(await certificateOf(serving), /BEGIN CERTIFICATE/)

  const secrets = '/api/v1/namespaces/default/secrets'
  await create({ kind: 'Secret', metadata: { name: 's1' } }, 'default')
  await create({ kind: 'Secret', metadata: { name: 's2' } }, 'default')
  await create({ kind: 'ServiceAccount', metadata: { name: 'default' } }, 'default').catch(
    () => undefined,
  )
  const pod = {
    kind: 'Pod',
    metadata: { name: 'p1' },
    spec: {
      nodeName: 'n1',
      containers: [{ name: 'c', image: 'x' }],
      volumes: [{ name: 'v', secret: { secretName: 's1' } }],
    },
  }
  await create(pod, 'default')
  t.equal((await call('GET', `${secrets}/s1`, node)).code, 200, 'the secret of its pod')
  const selected = `${secrets}?fieldSelector=metadata.name%3Ds1`
  t.equal((await call('GET', selected, node)).code, 200, 'also as a list of one')
  t.equal((await call('GET', `${secrets}/s2`, node)).code, 403, 'no other secret')
  t.equal((await call('GET', secrets, node)).code, 403, 'and not all')
  t.equal((await call('DELETE', '/api/v1/nodes/n1', node)).code, 403)
})

t.test('what is not approved', async (t) => {
  const started = await start(t)
  const master = await ask(started, bearer, 'CN=system:node:n1,O=system:masters')
  const wrong = await ask(started, {}, 'CN=system:node:n1,O=system:nodes')
  t.equal(wrong.code, 403, 'nobody asks without a token')
  const client = await ask(started, bearer, 'CN=system:node:n1,O=system:nodes')
  const node = { key: client.key, cert: await certificateOf(client) }
  const options = { signer: 'kubelet-serving', hosts: ['10.96.0.1'] }
  const serving = await ask(started, node, 'CN=system:node:n1,O=system:nodes', options)
  // Requests are worked on in their order: when the last is done, those before it are.
  await certificateOf(await ask(started, node, 'CN=system:node:n1,O=system:nodes'))
  t.notMatch((await master.read()).status, { conditions: [{}] })
  t.notMatch((await serving.read()).status, { conditions: [{}] }, 'the address of the server')
})

t.test('who has a token can check who the server is', async (t) => {
  const { call } = await start(t)
  const { code, body } = await call(
    'GET',
    '/api/v1/namespaces/kube-public/configmaps/cluster-info',
    {},
  )
  t.equal(code, 200)
  const data = body['data'] as Record<string, string>
  t.match(data['kubeconfig'], /certificate-authority-data/)
  t.equal(data['jws-kubeconfig-abcdef'], sign(data['kubeconfig']!, 'abcdef', token))
})
