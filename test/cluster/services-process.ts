import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { JsonObject, KubeObject } from '../../orchestrator/api/object.ts'
import type { Client, KindName, ObjectName } from '../../orchestrator/client/client.ts'
import { makeHttpClient } from '../../orchestrator/client/http-client.ts'
import { makeLocalClient } from '../../orchestrator/client/local-client.ts'
import { readKubeconfig } from '../../orchestrator/client/read-kubeconfig.ts'
import { startClusterDns } from '../../orchestrator/dns/start-cluster-dns.ts'
import type { ClusterDns } from '../../orchestrator/dns/start-cluster-dns.ts'
import { runServer } from '../../orchestrator/server/run-server.ts'
import type { RunningServer } from '../../orchestrator/server/run-server.ts'
import {
  removeServiceProxy,
  startServiceProxy,
} from '../../orchestrator/service-proxy/start-service-proxy.ts'
import type { ServiceProxy } from '../../orchestrator/service-proxy/start-service-proxy.ts'

// A node's part of the network, in the node's network namespace; the first node has the server as well. Told what to do by
// messages, answers each.

export type Order =
  | { readonly serve: string }
  | { readonly connect: string }
  | { readonly start: { readonly nodeName: string; readonly podCidr: string } }
  | { readonly restart: true }
  | { readonly remove: true }
  | { readonly transactions: true }
  | { readonly create: KubeObject }
  | { readonly merge: KindName & ObjectName & { readonly body: JsonObject } }
  | { readonly delete: KindName & ObjectName }
  | { readonly end: true }

let client: Client | undefined
let server: RunningServer | undefined
let proxy: ServiceProxy | undefined
let dns: ClusterDns | undefined
let transactions = 0
let started: { readonly nodeName: string; readonly podCidr: string } | undefined
const folder = mkdtempSync(join(tmpdir(), 'services-'))

function ready(): Client {
  if (!client) throw new Error('no server yet')
  return client
}

async function start(): Promise<void> {
  if (!started) throw new Error('not told which node')
  proxy = await startServiceProxy({
    ...started,
    client: ready(),
    checkEvery: 50,
    onChange: () => transactions++,
  })
}

async function carryOut(order: Order): Promise<unknown> {
  if ('serve' in order) {
    server = await runServer({
      dataDir: folder,
      host: order.serve,
      port: 0,
      controls: false,
      schedules: false,
    })
    client = makeLocalClient(server.api, { name: 'admin', groups: ['system:masters'] })
    return server.kubeconfig
  }
  if ('connect' in order) client = makeHttpClient(await readKubeconfig(order.connect))
  else if ('start' in order) {
    started = order.start
    await start()
    dns = await startClusterDns({ client: ready(), askUpstream: async () => undefined })
  } else if ('restart' in order) {
    await proxy?.stop()
    await start()
  } else if ('remove' in order) removeServiceProxy()
  else if ('transactions' in order) return transactions
  else if ('create' in order) return ready().create(order.create)
  else if ('merge' in order)
    await ready().patch(order.merge, order.merge, 'merge', order.merge.body)
  else if ('delete' in order) await ready().delete(order.delete, order.delete)
  else await end()
  return undefined
}

async function end(): Promise<void> {
  await proxy?.stop()
  await dns?.stop()
  await server?.close()
  rmSync(folder, { recursive: true, force: true })
}

process.on('message', ({ id, order }: { id: number; order: Order }) => {
  carryOut(order).then(
    (result) => process.send?.({ id, result }),
    (error: unknown) => process.send?.({ id, error: String(error) }),
  )
})
// A test that fails does not say when it ends.
for (const event of ['disconnect', 'SIGTERM'])
  process.on(event, () => {
    rmSync(folder, { recursive: true, force: true })
    process.exit(0)
  })
