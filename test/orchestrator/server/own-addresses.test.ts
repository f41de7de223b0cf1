import { isIP } from 'node:net'
import { networkInterfaces } from 'node:os'
import t from 'tap'
import {
  listeningNames,
  ownAddresses,
  reachableAddress,
} from '../../../orchestrator/server/own-addresses.ts'

t.test('one address is what it is', async (t) => {
  t.same(listeningNames('192.0.2.1'), ['192.0.2.1'])
  t.equal(reachableAddress('192.0.2.1', ['a.b']), '192.0.2.1')
})

t.test('all addresses are those that others can call', async (t) => {
  const others = Object.values(networkInterfaces())
    .flatMap((list) => list ?? [])
    .filter(({ internal }) => !internal)
  t.ok(ownAddresses().every((address) => others.some((one) => one.address === address)))
  t.ok(ownAddresses().every((address) => isIP(address) !== 0))
  t.equal(reachableAddress('0.0.0.0'), ownAddresses()[0] ?? '127.0.0.1')
  t.equal(reachableAddress('::', ['cluster.example']), 'cluster.example')
  t.ok(ownAddresses().every((address) => listeningNames('0.0.0.0').includes(address)))
})
