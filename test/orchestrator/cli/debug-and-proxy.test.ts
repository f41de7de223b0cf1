import { once } from 'node:events'
import { createServer, request } from 'node:http'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'
import t from 'tap'
import type { KubeObject } from '../../../orchestrator/api/object.ts'
import { copyOfPod, ephemeralContainer } from '../../../orchestrator/cli/resources/debug-pods.ts'
import type { CopyWish } from '../../../orchestrator/cli/resources/debug-pods.ts'
import { serveProxy } from '../../../orchestrator/cli/resources/serve-proxy.ts'
import type { Session } from '../../../orchestrator/cli/resources/session.ts'

const wish: CopyWish = {
  container: 'debugger',
  image: 'tools',
  command: ['sh'],
  isArguments: false,
  env: ['A=b'],
  pullPolicy: undefined,
  stdin: true,
  tty: true,
  name: 'copy',
  images: new Map(),
  sharesProcesses: true,
  isOnSameNode: false,
}
const pod: KubeObject = {
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name: 'web', namespace: 'shop', labels: { app: 'web' } },
  spec: {
    nodeName: 'n1',
    containers: [{ name: 'c', image: 'web', args: ['x'], livenessProbe: { exec: {} } }],
    ephemeralContainers: [{ name: 'old' }],
  },
}

t.test('what debug puts into a pod, or makes of a copy', async (t) => {
  t.match(ephemeralContainer(wish, 'c'), {
    name: 'debugger',
    image: 'tools',
    command: ['sh'],
    env: [{ name: 'A', value: 'b' }],
    targetContainerName: 'c',
  })
  t.throws(() => ephemeralContainer({ ...wish, image: undefined }, 'c'), /--image/)
  t.throws(() => ephemeralContainer({ ...wish, env: ['A'] }, 'c'), /environment variable/)
  const copy = copyOfPod(pod, wish)
  t.equal(copy.metadata.labels, undefined, 'no service sends it anything')
  t.same(Object.keys(copy.spec ?? {}), ['containers', 'shareProcessNamespace'])
  t.match(copy.spec?.['containers'], [
    { name: 'c', livenessProbe: undefined },
    { name: 'debugger' },
  ])
  const changed = copyOfPod(pod, { ...wish, container: 'c', image: undefined, isOnSameNode: true })
  t.equal(changed.spec?.['nodeName'], 'n1')
  t.strictSame(changed.spec?.['containers'], [
    {
      name: 'c',
      image: 'web',
      command: ['sh'],
      env: [{ name: 'A', value: 'b' }],
      stdin: true,
      tty: true,
    },
  ])
  const others = { ...wish, container: '', image: undefined, images: new Map([['*', 'other']]) }
  t.match(copyOfPod(pod, others).spec?.['containers'], [{ image: 'other' }])
})

t.test('what proxy lets through', async (t) => {
  // The cluster, as far as the proxy sees it.
  const far = createServer((asked, response) => {
    void text(asked).then((body) =>
      response
        .writeHead(asked.url === '/api/nothing' ? 404 : 200)
        .end(`${asked.method} ${asked.url} ${body}`),
    )
  })
  far.listen(0, '127.0.0.1')
  await once(far, 'listening')
  const session = {
    pass: async ({ method, path, body }: { method: string; path: string; body?: Buffer }) => {
      const { port } = far.address() as AddressInfo
      const sent = request({ host: '127.0.0.1', port, method, path })
      sent.end(body)
      const [answer] = (await once(sent, 'response')) as [unknown]
      return answer
    },
  } as unknown as Session
  const near = serveProxy(session, {
    prefix: '/k/',
    acceptHosts: [/^127\.0\.0\.1$/],
    acceptPaths: [/^/],
    rejectPaths: [/exec$/],
    rejectMethods: [/^DELETE$/],
  })
  near.listen(0, '127.0.0.1')
  await once(near, 'listening')
  t.teardown(() => {
    near.close()
    far.close()
    near.closeAllConnections()
    far.closeAllConnections()
  })
  const ask = async (method: string, path: string, body = '', host?: string): Promise<string> => {
    const { port } = near.address() as AddressInfo
    const headers = host === undefined ? {} : { host }
    const sent = request({ host: '127.0.0.1', port, method, path, headers, agent: false })
    sent.end(body)
    const [answer] = (await once(sent, 'response')) as [import('node:http').IncomingMessage]
    return `${answer.statusCode} ${await text(answer)}`
  }
  t.equal(await ask('GET', '/k/api?x=1'), '200 GET /api?x=1 ')
  t.equal(await ask('POST', '/k/api', 'body'), '200 POST /api body')
  t.equal(await ask('GET', '/k/api/nothing'), '404 GET /api/nothing ')
  t.equal(await ask('GET', '/k/api', '', 'evil.example'), '403 Forbidden', 'a page by another name')
  t.equal(await ask('POST', '/k/pods/x/exec'), '403 Forbidden')
  t.equal(await ask('DELETE', '/k/api'), '403 Forbidden')
  t.match(await ask('GET', '/api'), /^404/)
})
