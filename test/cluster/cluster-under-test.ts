import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Test } from 'tap'
import type { KubeObject } from '../../orchestrator/api/object.ts'
import type { Client, KindName, ObjectName } from '../../orchestrator/client/client.ts'
import { makeInformer } from '../../orchestrator/client/informer.ts'
import { makeLocalClient } from '../../orchestrator/client/local-client.ts'
import { startNodeAgent } from '../../orchestrator/node/node-agent.ts'
import type { NodeAgent, NodeAgentOptions } from '../../orchestrator/node/node-agent.ts'
import { issueCertificate, makeAuthority } from '../../orchestrator/server/certificates.ts'
import { runServer } from '../../orchestrator/server/run-server.ts'
import type { RunningServer } from '../../orchestrator/server/run-server.ts'

/** A server and one node in this process, as root: real containers, real namespaces. */
export interface ClusterUnderTest {
  readonly server: RunningServer
  readonly client: Client
  /** The node's state. */
  readonly root: string
  readonly agent: () => NodeAgent
  /** Stop the agent as a crash would leave it, and start another. */
  readonly restartAgent: (other?: Partial<NodeAgentOptions>) => Promise<void>
  /** Wait until an object is as wanted; told what it was last when it never is. */
  readonly until: (
    kind: KindName,
    of: ObjectName,
    isSo: (object: KubeObject) => boolean,
  ) => Promise<KubeObject>
  readonly untilGone: (kind: KindName, of: ObjectName) => Promise<void>
}

const patience = 30_000
let bridges = 0

export async function startCluster(
  t: Test,
  more: Partial<NodeAgentOptions> = {},
): Promise<ClusterUnderTest> {
  const folder = mkdtempSync(join(tmpdir(), 'cluster-'))
  const root = join(folder, 'node')
  const bridge = `mot${process.pid % 100_000}-${bridges++}`
  const server = await runServer({ dataDir: join(folder, 'server'), host: '127.0.0.1', port: 0 })
  const admin = { name: 'admin', groups: ['system:masters'] }
  const client = makeLocalClient(server.api, admin)
  const authority = await makeAuthority('test')
  const pair = await issueCertificate(authority, {
    commonName: 'system:node:one',
    hosts: ['127.0.0.1'],
    usage: 'server',
  })
  const start = (other: Partial<NodeAgentOptions> = {}): Promise<NodeAgent> =>
    startNodeAgent({
      client,
      name: 'one',
      address: '127.0.0.1',
      root,
      port: 0,
      bridge,
      certificate: pair.certificate,
      key: pair.key,
      authority: authority.certificate,
      ...more,
      ...other,
    })
  let agent = await start()
  t.teardown(async () => {
    await removeAllPods(client)
    await agent.stop()
    await server.close()
    execFileSync('ip', ['link', 'delete', bridge])
    rmSync(folder, { recursive: true, force: true })
  })
  return {
    server,
    client,
    root,
    agent: () => agent,
    restartAgent: async (other) => {
      await agent.stop()
      agent = await start(other)
    },
    until: (kind, of, isSo) => until(client, kind, of, isSo),
    untilGone: async (kind, of) => {
      await until(client, kind, of, () => false, true)
    },
  }
}

async function removeAllPods(client: Client): Promise<void> {
  const kind = { apiVersion: 'v1', kind: 'Pod' }
  for (const { metadata } of (await client.list(kind)).items) {
    const of = { name: metadata.name ?? '', namespace: metadata.namespace }
    await client.delete(kind, of, { gracePeriodSeconds: 1 }).catch(() => undefined)
    await until(client, kind, of, () => false, true)
  }
}

function until(
  client: Client,
  kind: KindName,
  { name, namespace }: ObjectName,
  isSo: (object: KubeObject) => boolean,
  isGoneWanted = false,
): Promise<KubeObject> {
  const selection = { namespace, fieldSelector: `metadata.name=${name}` }
  const informer = makeInformer(client, kind, selection)
  const found = Promise.withResolvers<KubeObject>()
  let last: KubeObject | undefined
  const timer = setTimeout(() => {
    const text = JSON.stringify(last?.status, undefined, 1)
    found.reject(new Error(`${kind.kind} ${name} is not as wanted: ${text}`))
  }, patience)
  informer.onChange((object, isThere) => {
    last = object
    if (isGoneWanted ? !isThere : isThere && isSo(object)) found.resolve(object)
  })
  void informer.synced.then(() => {
    const none = { apiVersion: kind.apiVersion, kind: kind.kind, metadata: { name } }
    if (isGoneWanted && !informer.get({ name, namespace })) found.resolve(none)
  })
  return found.promise.finally(() => {
    clearTimeout(timer)
    informer.stop()
  })
}
