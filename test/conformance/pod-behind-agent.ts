import { readFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { dirname, join } from 'node:path'
import type { Test } from 'tap'
import type { KubeObject } from '../../orchestrator/api/object.ts'
import { serverUser } from '../../orchestrator/server/bootstrap.ts'
import { startAgent } from '../orchestrator/server/streaming/stand-in-agent.ts'
import { startKubectl } from './kubectl.ts'

/** A server with a node and a pod on it, whose agent runs here. */
export async function startWithPod(t: Test, binary?: string) {
  const kubectl = await startKubectl(t, binary)
  const folder = join(dirname(kubectl.server.kubeconfig), 'pki')
  const agent = await startAgent(t, {
    certificate: readFileSync(join(folder, 'ca.crt'), 'utf8'),
    key: readFileSync(join(folder, 'ca.key'), 'utf8'),
  })
  const { registry, resources } = kubectl.server.api.context
  const write = { user: serverUser, dryRun: false }
  await resources.create(
    registry.byKind('v1', 'Node')!,
    undefined,
    {
      apiVersion: 'v1',
      kind: 'Node',
      metadata: { name: 'n1' },
      status: {
        addresses: [{ type: 'InternalIP', address: '127.0.0.1' }],
        daemonEndpoints: { kubeletEndpoint: { Port: agent.port } },
      },
    },
    write,
  )
  const pods = registry.byKind('v1', 'Pod')!
  await resources.create(
    pods,
    'default',
    {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name: 'p1' },
      spec: { nodeName: 'n1', containers: [{ name: 'c', image: 'x' }] },
    },
    write,
  )
  const running = (pod: KubeObject): KubeObject => ({
    ...pod,
    status: {
      phase: 'Running',
      containerStatuses: [
        {
          name: 'c',
          ready: true,
          state: { running: {} },
          image: 'x',
          imageID: '',
          restartCount: 0,
        },
      ],
    },
  })
  await resources.update(pods, 'default', 'p1', (pod) => running(pod), write, 'status')
  return { ...kubectl, agent }
}

/** A server of HTTP that repeats its paths. @returns its port */
export async function startWeb(t: Test): Promise<number> {
  const server = createServer((request, response) => {
    response.end(`web ${request.url}\n`)
  })
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve)
  })
  t.teardown(() => {
    server.close()
    server.closeAllConnections()
  })
  return (server.address() as AddressInfo).port
}
