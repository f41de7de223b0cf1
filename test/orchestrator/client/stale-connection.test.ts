import { once } from 'node:events'
import { createServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import t from 'tap'
import { makeHttpClient } from '../../../orchestrator/client/http-client.ts'
import { issueCertificate, makeAuthority } from '../../../orchestrator/server/certificates.ts'

const kind = { apiVersion: 'v1', kind: 'ConfigMap' }
const document = { ...kind, metadata: { name: 'a', namespace: 'default' } }

t.test('a connection that the server has ended meanwhile', async (t) => {
  const authority = await makeAuthority('test')
  const serving = await issueCertificate(authority, {
    commonName: 'server',
    usage: 'server',
    hosts: ['127.0.0.1'],
  })
  const seen: string[] = []
  const used = new WeakSet()
  const server = createServer(
    { key: serving.key, cert: serving.certificate },
    (request, response) => {
      seen.push(`${request.method}${used.has(request.socket) ? ' again' : ''}`)
      // Every connection is good for one answer, and the client cannot know.
      if (used.has(request.socket)) return request.socket.destroy()
      used.add(request.socket)
      return response.end(JSON.stringify(document))
    },
  )
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.teardown(() => server.close())
  const client = makeHttpClient({
    server: `https://127.0.0.1:${(server.address() as AddressInfo).port}`,
    authority: authority.certificate,
  })
  t.teardown(() => client.close())

  t.match(await client.get(kind, document.metadata), document)
  t.match(await client.patch(kind, document.metadata, 'merge', {}), document, 'is not used')
  await t.rejects(
    client.create(document),
    /POST .*hang up/,
    'what would be made twice is not sent twice',
  )
  t.strictSame(seen, ['GET', 'PATCH again', 'PATCH', 'POST again'])
})
