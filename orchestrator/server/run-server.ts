import { existsSync, renameSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { holdLock } from '../store/sqlite/hold-lock.ts'
import type { ControllerSettings } from '../controllers/controller.ts'
import { openSqliteStore } from '../store/sqlite/sqlite-store.ts'
import type { SqliteStore } from '../store/sqlite/sqlite-store.ts'
import { damagedStore } from '../store/sqlite/store-failure.ts'
import { startCompaction } from '../store/compaction.ts'
import { openAudit } from './audit/open-audit.ts'
import type { AuditOptions } from './audit/open-audit.ts'
import { makeBootstrapTokenLookup } from './bootstrap-tokens.ts'
import { makeApiServer } from './api-server.ts'
import type { ApiServer } from './api-server.ts'
import { startClusterInfo } from './cluster-info.ts'
import { ensureClusterServices } from './cluster-services.ts'
import { issueCertificate, makeAuthority } from './certificates.ts'
import type { KeyPair } from './certificates.ts'
import { startNamespaceDeletion } from './empty-namespaces.ts'
import type { InFlightLimits } from './limit-in-flight.ts'
import { makeLogger } from './logging/logger.ts'
import type { LoggerOptions } from './logging/logger.ts'
import { keptPair } from './kept-pair.ts'
import { makeKubeconfig } from './kubeconfig.ts'
import { listen } from './listen.ts'
import { startControlling } from './start-controlling.ts'
import { startScheduling } from './start-scheduling.ts'
import { listeningNames, reachableAddress } from './own-addresses.ts'
import { startQuotaStatus } from './quota/start-quota-status.ts'
import { startSigning } from './signing/start-signing.ts'
import { makeTokenIssuer } from './token-issuer.ts'

export interface ServerOptions {
  /** Everything that the server keeps. */
  readonly dataDir: string
  readonly host: string
  /** Zero: any free port. */
  readonly port: number
  /** Names and addresses, besides `host`, by which clients may call it. */
  readonly names?: readonly string[]
  /** Absent: `admin.kubeconfig` in the data folder. */
  readonly kubeconfig?: string
  readonly clusterName?: string
  /** Seconds that pods stay on a node that has fallen silent; absent: 300. */
  readonly podPatience?: number
  /** False: pods are given nodes by somebody else. */
  readonly schedules?: boolean
  /** False: nothing acts on what is stored. */
  readonly controls?: boolean
  /** Times and ranges of the controllers. */
  readonly controllers?: Partial<ControllerSettings>
  /** Where requests are put on record; absent: nowhere. */
  readonly audit?: AuditOptions
  readonly inFlight?: InFlightLimits
  /** Absent: failures, as text. */
  readonly logging?: LoggerOptions
}

export interface RunningServer {
  readonly url: string
  readonly kubeconfig: string
  readonly api: ApiServer
  close(): Promise<void>
}

const tokenIssuer = 'https://kubernetes.default.svc.cluster.local'

const usualNames = [
  'localhost',
  'kubernetes',
  'kubernetes.default',
  'kubernetes.default.svc',
  'kubernetes.default.svc.cluster.local',
  '127.0.0.1',
  '10.96.0.1',
]

/** Open the store, make what is missing of keys, and serve. */
export async function runServer(options: ServerOptions): Promise<RunningServer> {
  const lock = holdLock(join(options.dataDir, 'server.lock'))
  const store = openUnder(lock, options.dataDir)
  try {
    const audit = options.audit && (await openAudit(options.audit))
    const pki = await openPki(options)
    const api = await makeApiServer(store, {
      issuer: makeTokenIssuer(pki.signing.key, tokenIssuer),
      agents: { ...pki.kubeletClient, authority: pki.authority.certificate },
      serviceAccounts: options.controls !== false,
      podPatience: options.podPatience,
      audit,
      ...(options.inFlight ? { inFlight: options.inFlight } : {}),
      ...(options.logging ? { logger: makeLogger(options.logging) } : {}),
    })
    const listener = await listen({
      host: options.host,
      port: options.port,
      serving: pki.serving,
      clientAuthority: pki.authority.certificate,
      tokens: [
        makeBootstrapTokenLookup(api.context.registry.byKind('v1', 'Secret')!, (kind, ns, name) =>
          api.context.resources.get(kind, ns, name),
        ),
        ...(api.context.tokens ? [api.context.tokens.lookup] : []),
      ],
      handle: (request) => api.handle(request),
      refuse: (request, error) => api.refuse(request, error),
    })
    const host = reachableAddress(options.host, options.names)
    const url = `https://${host.includes(':') ? `[${host}]` : host}:${listener.port}`
    const kubeconfig = options.kubeconfig ?? join(options.dataDir, 'admin.kubeconfig')
    writeKubeconfig(kubeconfig, options.clusterName ?? 'myorch', url, pki)
    await ensureClusterServices(api.context, { ...options, port: listener.port })
    const compaction = startCompaction(store)
    const namespaces = await startNamespaceDeletion(api.context)
    const signing = await startSigning(api.context, {
      authority: pki.authority,
      hosts: hostsOf(options),
    })
    const quotas = await startQuotaStatus(api.context)
    const cluster = { name: 'kubernetes', server: url, authority: pki.authority.certificate }
    const clusterInfo = await startClusterInfo(api.context, makeKubeconfig(cluster))
    const settings = { authority: pki.authority.certificate, ...options.controllers }
    const controllers = await (options.controls === false
      ? undefined
      : startControlling(api, settings))
    const scheduler =
      options.schedules === false ? undefined : await startScheduling(api, controllers?.informers)
    return {
      url,
      kubeconfig,
      api,
      close: async () => {
        compaction.stop()
        await listener.close()
        await namespaces.stop()
        await signing.stop()
        await quotas.stop()
        await clusterInfo.stop()
        await scheduler?.stop()
        await controllers?.stop()
        audit?.close()
        await store.close()
        lock.release()
      },
    }
  } catch (error) {
    await store.close()
    lock.release()
    throw error
  }
}

function openUnder(lock: { release(): void }, dataDir: string): SqliteStore {
  const path = join(dataDir, 'store.db')
  try {
    // A file of no length is a new store to SQLite; a cluster that has run had something in it.
    const hasRun = existsSync(join(dataDir, 'pki/admin.crt'))
    if (hasRun && existsSync(path) && statSync(path).size === 0)
      throw damagedStore(path, { why: 'it is empty' })
    return openSqliteStore(path)
  } catch (error) {
    lock.release()
    throw error
  }
}

interface Pki {
  readonly authority: KeyPair
  readonly serving: KeyPair
  readonly admin: KeyPair
  /** Who the server is to the agents of nodes. */
  readonly kubeletClient: KeyPair
  /** Signs the tokens of service accounts. */
  readonly signing: KeyPair
}

/** By what clients may call the server. */
function hostsOf({ host, names = [] }: ServerOptions): string[] {
  return [...new Set([...usualNames, ...listeningNames(host), ...names])]
}

async function openPki(options: ServerOptions): Promise<Pki> {
  const folder = join(options.dataDir, 'pki')
  const authority = await keptPair(folder, 'ca', () => makeAuthority('myorch-ca'))
  const serving = await issueCertificate(authority, {
    commonName: 'myorch-server',
    hosts: hostsOf(options),
    usage: 'server',
  })
  const client = (name: string, commonName: string): Promise<KeyPair> =>
    keptPair(
      folder,
      name,
      () =>
        issueCertificate(authority, {
          commonName,
          organizations: ['system:masters'],
          usage: 'client',
        }),
      { authority: authority.certificate },
    )
  const admin = await client('admin', 'myorch-admin')
  const kubeletClient = await client('kubelet-client', 'kube-apiserver-kubelet-client')
  const signing = await keptPair(folder, 'service-accounts', () =>
    makeAuthority('myorch-service-accounts'),
  )
  return { authority, serving, admin, kubeletClient, signing }
}

function writeKubeconfig(path: string, name: string, server: string, pki: Pki): void {
  const text = makeKubeconfig({
    name,
    server,
    authority: pki.authority.certificate,
    user: { certificate: pki.admin.certificate, key: pki.admin.key },
  })
  writeFileSync(`${path}.tmp`, text, { mode: 0o600 })
  renameSync(`${path}.tmp`, path)
}
