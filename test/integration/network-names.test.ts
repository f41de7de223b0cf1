import { unlinkIfPresent } from '../../native/unlink-if-present.ts'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { nameServerReadyFile } from '../../runtime/network/dns-server.ts'
import { ensureNameServer } from '../../runtime/network/name-server.ts'
import { writeNameRecord } from '../../runtime/network/name-records.ts'
import { createNetwork } from '../../runtime/network/network-store.ts'
import { inNewNetworkNamespace } from './network/in-new-namespace.ts'
import { newFolders, startNetworked } from './network/start-networked.ts'
import type { Networked } from './network/start-networked.ts'

const script = join(import.meta.dirname, 'network/serve-names.ts')
const resolver = join(import.meta.dirname, 'network/resolve-name.ts')

/** Ask the gateway from inside, over UDP or TCP, as a resolver of a C library does. */
function ask(from: Networked, transport: string, type: string, name: string): string {
  const server = from.lease.ipv4.gateway
  return from.run(process.execPath, resolver, transport, server, type, name).trim()
}

function scenarios(): void {
  t.test('containers of a network find each other by name', async (t) => {
    const folders = newFolders(t)
    const network = createNetwork(folders, { name: 'web' })
    const command = [process.execPath, script, folders.root ?? '', 'web'] as const
    const a = await startNetworked(t, folders, network)
    const b = await startNetworked(t, folders, network)
    const record = (one: Networked, names: string[], upstreams: string[] = []): string =>
      writeNameRecord(folders, 'web', {
        containerId: one.id,
        names: [...names, one.id.slice(0, 12)],
        ipv4: one.lease.ipv4.address,
        upstreams,
      })
    const records = [record(a, ['a', 'www'], [b.lease.ipv4.address]), record(b, ['b'])]
    await ensureNameServer(folders, network, command)
    const ready = nameServerReadyFile(folders, 'web')
    const pid = Number(readFileSync(ready, 'utf8'))

    for (const transport of ['udp', 'tcp']) {
      t.equal(ask(a, transport, 'A', 'b'), b.lease.ipv4.address)
      t.equal(ask(b, transport, 'A', 'WWW'), a.lease.ipv4.address)
      t.equal(ask(b, transport, 'A', a.id.slice(0, 12)), a.lease.ipv4.address)
      t.equal(ask(b, transport, 'AAAA', 'a'), '')
      t.equal(ask(b, transport, 'A', 'nobody'), 'NXDOMAIN')
      const reverse = `${b.lease.ipv4.address.split('.').toReversed().join('.')}.in-addr.arpa`
      t.equal(ask(a, transport, 'PTR', reverse), 'b')
    }

    await ensureNameServer(folders, network, command)
    t.equal(Number(readFileSync(ready, 'utf8')), pid, 'a second command finds it running')

    for (const path of records) unlinkIfPresent(path)
    while (existsSync(`/proc/${pid}`)) await new Promise(setImmediate)
    t.notOk(existsSync(ready), 'it ends with the last container')
  })

  t.test('other names go to the servers behind, a container’s own first', async (t) => {
    const folders = newFolders(t)
    const network = createNetwork(folders, { name: 'web' })
    const a = await startNetworked(t, folders, network)
    const upstream = await startNetworked(t, folders, network)
    const world = join(import.meta.dirname, 'network/answer-names.ts')
    const enter = ['-n', '-t', String(upstream.pid), process.execPath, world]
    const server = spawn('nsenter', enter, { stdio: ['ignore', 'pipe', 'inherit'] })
    t.teardown(() => server.kill('SIGKILL'))
    await once(server.stdout, 'data')
    const path = writeNameRecord(folders, 'web', {
      containerId: a.id,
      names: ['a'],
      ipv4: a.lease.ipv4.address,
      upstreams: [upstream.lease.ipv4.address],
    })
    t.teardown(() => unlinkIfPresent(path))
    await ensureNameServer(folders, network, [process.execPath, script, folders.root ?? '', 'web'])
    t.equal(ask(a, 'udp', 'A', 'example.org'), '198.51.100.1')
  })
}

if (inNewNetworkNamespace(import.meta.filename)) scenarios()
