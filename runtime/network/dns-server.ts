import { unlinkIfPresent } from '../../native/unlink-if-present.ts'
import { createSocket } from 'node:dgram'
import type { Socket as DatagramSocket } from 'node:dgram'
import { existsSync, watch, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import type { Server, Socket } from 'node:net'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import packets from 'dns-packet'
import type { Packet } from 'dns-packet'
import { tryLock } from '../../native/lock.ts'
import { answerQuestion, usableUpstreams } from './dns-answer.ts'
import { forward, frame, frameReader } from './dns-forward.ts'
import { nameRecordReader } from './name-records.ts'
import type { NameRecord } from './name-records.ts'
import { hostHasIpv6 } from './host-network.ts'
import { poolsOf } from './network.ts'
import type { Network, NetworkFolders } from './network.ts'
import { listNames, nameRecordsFolder, networkRunFolder, readIfPresent } from './network-files.ts'
import { parseResolvConf } from './resolv-conf.ts'
import { hasWayOut, wayOutNameServer } from './way-out.ts'

// The name server of one user-defined network: containers by name, everything else from the
// host's name servers. It runs while the network has containers, one process, on the gateway.

const port = 53
const SERVFAIL = 2
const NXDOMAIN = 3
const idleTcpMs = 10_000
const lingerMs = 500

function nameServerLock(folders: NetworkFolders, name: string): string {
  return join(networkRunFolder(folders, name), 'name-server.lock')
}

/** Holds the process id while the server answers. */
export function nameServerReadyFile(folders: NetworkFolders, name: string): string {
  return join(networkRunFolder(folders, name), 'name-server.pid')
}

/**
 * Serve names until the network has no container any more. Returns at once where another process
 * serves them already. The body of the name server's process.
 */
export async function serveNames(folders: NetworkFolders, network: Network): Promise<void> {
  const folder = nameRecordsFolder(folders, network.name)
  // Asked again after the lock is given back: who writes a record and then finds the lock held
  // relies on the holder to see that record.
  while (listNames(folder).length > 0) {
    using lock = tryLock(nameServerLock(folders, network.name))
    if (!lock) return
    await serveUntilEmpty(folders, network, folder)
  }
}

async function serveUntilEmpty(
  folders: NetworkFolders,
  network: Network,
  folder: string,
): Promise<void> {
  const service = new Map<string, Server | DatagramSocket>()
  const ready = nameServerReadyFile(folders, network.name)
  try {
    const answer = answerer(folders, network, folder)
    for (const address of gatewaysOf(network)) {
      service.set(`udp ${address}`, await listenUdp(address, answer))
      service.set(`tcp ${address}`, await listenTcp(address, answer))
    }
    writeFileSync(ready, `${process.pid}\n`)
    await untilEmpty(folder)
  } finally {
    unlinkIfPresent(ready)
    for (const one of service.values()) one.close()
  }
}

/** Of every range: a container is told that of its own. */
function gatewaysOf(network: Network): string[] {
  const pools = [...poolsOf(network, 'ipv4'), ...(hostHasIpv6() ? poolsOf(network, 'ipv6') : [])]
  return pools.map(({ gateway }) => gateway)
}

/** Wait until the network has had no container for a moment, in which a restart would start another. */
async function untilEmpty(folder: string): Promise<void> {
  const watcher = watch(folder)
  try {
    for (;;) {
      if (listNames(folder).length === 0) {
        await delay(lingerMs)
        if (listNames(folder).length === 0) return
      }
      await new Promise((resolve) => {
        watcher.once('change', resolve)
      })
    }
  } finally {
    watcher.close()
  }
}

type Answer = (
  question: Uint8Array,
  client: string,
  transport: 'udp' | 'tcp',
) => Promise<Uint8Array | undefined>

function answerer(folders: NetworkFolders, network: Network, folder: string): Answer {
  const read = nameRecordReader(folder)
  const elsewhere = otherRecordsReader(folders, network)
  return async (bytes, client, transport) => {
    const query = decode(bytes)
    const [question] = query?.questions ?? []
    if (!query || !question) return undefined
    const records = read()
    const own = answerQuestion(question, records, network.internal)
    const asker = findClient(records, client)
    const isElsewhere = own.kind !== 'answers' && asker !== undefined
    const reply = isElsewhere
      ? answerQuestion(question, elsewhere(asker.containerId), network.internal)
      : own
    if (reply.kind === 'answers') return respond(query, 0, shuffle(reply.answers))
    if (reply.kind === 'unknown') return respond(query, NXDOMAIN, [])
    const servers = upstreamsFor(client, records, network)
    return (await forward(bytes, servers, transport)) ?? respond(query, SERVFAIL, [])
  }
}

function findClient(records: readonly NameRecord[], client: string): NameRecord | undefined {
  return records.find(({ ipv4, ipv6 }) => ipv4 === client || ipv6 === client)
}

/**
 * A resolver asks the first of its servers and believes it, so that one has to know the names of
 * every network that a container is in.
 */
function otherRecordsReader(
  folders: NetworkFolders,
  network: Network,
): (containerId: string) => readonly NameRecord[] {
  const readers = new Map<string, () => readonly NameRecord[]>()
  return (containerId) =>
    listNames(join(folders.runDir, 'networks'))
      .filter((name) => name !== network.name)
      .map((name) => nameRecordsFolder(folders, name))
      .filter((folder) => existsSync(join(folder, containerId)))
      .flatMap((folder) => {
        const read = readers.get(folder) ?? nameRecordReader(folder)
        readers.set(folder, read)
        return read()
      })
}

function decode(bytes: Uint8Array): Packet | undefined {
  try {
    return packets.decode(Buffer.from(bytes))
  } catch {
    // Not DNS: no answer is the answer, else two servers could keep each other busy.
    return undefined
  }
}

function respond(query: Packet, code: number, answers: Packet['answers']): Uint8Array {
  const wantsRecursion = (query.flags ?? 0) & packets.RECURSION_DESIRED
  return packets.encode({
    type: 'response',
    id: query.id ?? 0,
    flags: wantsRecursion | packets.RECURSION_AVAILABLE | packets.AUTHORITATIVE_ANSWER | code,
    questions: query.questions ?? [],
    answers: answers ?? [],
  })
}

/** Several containers under one alias share the load: each answer starts with another. */
function shuffle<Item>(items: readonly Item[]): Item[] {
  const start = Math.floor(Math.random() * items.length)
  return [...items.slice(start), ...items.slice(0, start)]
}

function upstreamsFor(client: string, records: readonly NameRecord[], network: Network): string[] {
  const own = findClient(records, client)
  if (own && own.upstreams.length > 0) return [...own.upstreams]
  if (network.nameServers) return [...network.nameServers]
  if (hasWayOut()) return [wayOutNameServer]
  const host = parseResolvConf(readIfPresent('/etc/resolv.conf') ?? '').nameservers
  return usableUpstreams(host, gatewaysOf(network))
}

async function listenUdp(address: string, answer: Answer): Promise<DatagramSocket> {
  const socket = createSocket(address.includes(':') ? 'udp6' : 'udp4')
  socket.on('message', (question, client) => {
    void answer(question, client.address, 'udp').then((reply) => {
      if (reply) socket.send(reply, client.port, client.address)
    })
  })
  await new Promise<void>((resolve, reject) => {
    socket.once('error', reject)
    socket.bind(port, address, resolve)
  })
  // A client that is gone is no reason to end.
  socket.on('error', () => undefined)
  return socket
}

async function listenTcp(address: string, answer: Answer): Promise<Server> {
  const server = createServer((client) => serveConnection(client, answer))
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, address, resolve)
  })
  return server
}

function serveConnection(client: Socket, answer: Answer): void {
  const from = client.remoteAddress ?? ''
  client.setTimeout(idleTcpMs, () => client.destroy())
  client.on('error', () => client.destroy())
  client.on(
    'data',
    frameReader((question) => {
      void answer(question, from, 'tcp').then((reply) => {
        if (reply && client.writable) client.write(frame(reply))
      })
    }),
  )
}
