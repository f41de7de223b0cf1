import { createSocket } from 'node:dgram'
import { Resolver } from 'node:dns/promises'
import { once } from 'node:events'
import packets from 'dns-packet'
import t from 'tap'
import { startClusterDns } from '../../orchestrator/dns/start-cluster-dns.ts'
import { openCluster } from '../orchestrator/controllers/cluster-under-test.ts'

// Names outside of the cluster, asked of its own name server, as pods with ClusterFirst do. On loopback, port 53: as root.

const place = `127.77.${process.pid % 250}`
const upstream = `${place}.53`

t.test('the cluster’s name server asks others for what is not its own', async (t) => {
  const asked: string[] = []
  const socket = createSocket('udp4')
  socket.on('message', (message, { port, address }) => {
    const { id, questions } = packets.decode(message)
    const name = questions?.[0]?.name ?? ''
    asked.push(name)
    const isKnown = name === 'printer.example.org' && questions?.[0]?.type === 'A'
    const answer = packets.encode({
      type: 'response',
      ...(id === undefined ? {} : { id }),
      ...(questions ? { questions } : {}),
      flags: isKnown ? 0 : 3,
      answers: isKnown ? [{ type: 'A', name, ttl: 9, data: '203.0.113.9' }] : [],
    })
    socket.send(answer, port, address)
  })
  socket.bind(53, upstream)
  await once(socket, 'listening')
  t.teardown(() => socket.close())

  const { client } = await openCluster(t, [])
  const ports = [{ port: 80 }]
  const metadata = { name: 'web', namespace: 'default' }
  const made = await client.create({ apiVersion: 'v1', kind: 'Service', metadata, spec: { ports } })
  const address = `${place}.10`
  // The first of its servers is not there.
  const upstreams = [`${place}.54`, upstream]
  const dns = await startClusterDns({ client, address, upstreams, ownsAddress: false })
  t.teardown(() => dns.stop())
  const resolver = new Resolver()
  resolver.setServers([address])

  const web = 'web.default.svc.cluster.local'
  t.same(await resolver.resolve4(web), [made.spec?.['clusterIP']], 'its own it knows itself')
  await t.rejects(resolver.resolve4('nope.default.svc.cluster.local'), { code: 'ENOTFOUND' })
  t.same(asked, [], 'and asks nobody for them')
  t.same(await resolver.resolve4('printer.example.org'), ['203.0.113.9'])
  await t.rejects(resolver.resolve4('nobody.example.org'), { code: 'ENOTFOUND' })
  t.same(asked, ['printer.example.org', 'nobody.example.org'])
  t.same(await resolver.resolve4('printer.example.org'), ['203.0.113.9'])
  t.equal(asked.length, 2, 'what it was told it remembers')
})
