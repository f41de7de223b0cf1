import packets from 'dns-packet'
import type { Packet } from 'dns-packet'
import t from 'tap'
import { makeAnswerCache } from '../../../orchestrator/dns/answer-cache.ts'
import { readNodeServers } from '../../../orchestrator/dns/start-cluster-dns.ts'

const soa = { mname: 'a', rname: 'b', serial: 1, refresh: 1, retry: 1, expire: 1, minimum: 10 }

/** A server that counts its questions, and a clock. */
function openCache() {
  const state = { asked: 0, now: 0 }
  const cache = makeAnswerCache(() => state.now)
  const ask = async (name: string, id: number): Promise<number | undefined> => {
    const query: Packet = { type: 'query', id, questions: [{ type: 'A', name }] }
    const bytes = await cache.answer(query, async () => {
      state.asked++
      return packets.encode(
        name === 'gone.example'
          ? {
              ...query,
              type: 'response',
              flags: 3,
              authorities: [{ type: 'SOA', name, ttl: 900, data: soa }],
            }
          : {
              ...query,
              type: 'response',
              answers: [{ type: 'A', name, ttl: 20, data: '192.0.2.1' }],
            },
      )
    })
    return bytes && packets.decode(Buffer.from(bytes)).id
  }
  return { state, ask }
}

t.test(
  'who asks meanwhile shares the question, and gets the answer under an id of its own',
  async (t) => {
    const { state, ask } = openCache()
    t.strictSame(await Promise.all([ask('web.example', 1), ask('web.example', 2)]), [1, 2])
    t.equal(state.asked, 1)
  },
)

const rows = [
  { title: 'as long as the answer may be kept', name: 'web.example', seconds: 20 },
  { title: 'as long as it may be believed that there is none', name: 'gone.example', seconds: 10 },
]

for (const { title, name, seconds } of rows)
  t.test(title, async (t) => {
    const { state, ask } = openCache()
    await ask(name, 1)
    state.now = seconds * 1000 - 1
    await ask(name, 2)
    t.equal(state.asked, 1)
    state.now = seconds * 1000
    await ask(name, 3)
    t.equal(state.asked, 2)
  })

t.test('servers behind a local one are asked themselves', async (t) => {
  const local = 'nameserver 127.0.0.53\n'
  const remote = 'nameserver 192.0.2.1\nnameserver 192.0.2.2\n'
  t.strictSame(readNodeServers([local, remote]), ['192.0.2.1', '192.0.2.2'])
  t.strictSame(readNodeServers([remote, local]), ['192.0.2.1', '192.0.2.2'])
  t.strictSame(readNodeServers([local, '']), ['127.0.0.53'])
})
