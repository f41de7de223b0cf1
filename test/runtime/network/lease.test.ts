import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { leaseAddress, leaseHolders, releaseLeases } from '../../../runtime/network/lease.ts'
import type { LeaseRequest } from '../../../runtime/network/lease.ts'
import type { Network, NetworkFolders } from '../../../runtime/network/network.ts'

const network: Network = {
  id: 'a'.repeat(64),
  name: 'web',
  bridge: 'mc-web',
  ipv4: { subnet: '10.90.0.0/29', gateway: '10.90.0.1' },
  ipv6: { subnet: 'fd00:90::/64', gateway: 'fd00:90::1' },
  internal: false,
  dns: true,
  labels: {},
  created: '',
}

function newFolders(t: Test): NetworkFolders {
  const root = mkdtempSync(join(tmpdir(), 'mc-lease-'))
  t.teardown(() => rmSync(root, { recursive: true, force: true }))
  return { runDir: join(root, 'run'), dataDir: join(root, 'data'), root }
}

const request = (containerId: string, rest: Partial<LeaseRequest> = {}): LeaseRequest => ({
  containerId,
  ipv6: false,
  isHolding: () => true,
  ...rest,
})

t.test('addresses go round: a freed one is not given at once', async (t) => {
  const folders = newFolders(t)
  const first = leaseAddress(folders, network, request('a'))
  t.match(first, { ipv4: { address: '10.90.0.2', prefixLength: 29, gateway: '10.90.0.1' } })
  t.equal(first.mac, '02:42:0a:5a:00:02')
  releaseLeases(first.files)
  t.notOk(first.files.some((file) => existsSync(file)))
  t.equal(leaseAddress(folders, network, request('b')).ipv4?.address, '10.90.0.3')
  t.same(leaseHolders(folders, 'web'), new Set(['b']))
})

t.test('a full network says so, and takes back what is stale', async (t) => {
  const folders = newFolders(t)
  for (const id of ['a', 'b', 'c', 'd', 'e']) leaseAddress(folders, network, request(id))
  t.throws(() => leaseAddress(folders, network, request('f')), { code: 'BAD_STATE' })
  const lease = leaseAddress(folders, network, request('f', { isHolding: (id) => id !== 'c' }))
  t.equal(lease.ipv4?.address, '10.90.0.4')
  t.notOk(leaseHolders(folders, 'web').has('c'))
})

t.test('a wanted address: given once, checked, taken back from the dead', async (t) => {
  const folders = newFolders(t)
  const ip = '10.90.0.5'
  leaseAddress(folders, network, request('a', { ip }))
  t.throws(() => leaseAddress(folders, network, request('b', { ip })), {
    code: 'ALREADY_EXISTS',
    detail: { holder: 'a' },
  })
  const lease = leaseAddress(folders, network, request('b', { ip, isHolding: () => false }))
  t.equal(lease.ipv4?.address, ip)
  for (const bad of ['10.91.0.5', '10.90.0.0', '10.90.0.7', 'x', 'fd00:90::5'])
    t.throws(() => leaseAddress(folders, network, request('c', { ip: bad })), {
      code: 'INVALID_ARGUMENT',
    })
  t.throws(() => leaseAddress(folders, network, request('c', { ip: '10.90.0.1' })), {
    code: 'ALREADY_EXISTS',
  })
})

t.test('both families, at the same place of their ranges', async (t) => {
  const folders = newFolders(t)
  const lease = leaseAddress(folders, network, request('a', { ipv6: true }))
  t.equal(lease.ipv6?.address, 'fd00:90::2')
  t.equal(lease.files.length, 2)
  const ip6 = 'fd00:90::99'
  t.equal(leaseAddress(folders, network, request('b', { ipv6: true, ip6 })).ipv6?.address, ip6)
  const before = leaseHolders(folders, 'web').size
  t.throws(() => leaseAddress(folders, network, request('c', { ipv6: true, ip6 })), {
    code: 'ALREADY_EXISTS',
  })
  t.equal(leaseHolders(folders, 'web').size, before, 'the IPv4 address is given back')
})

t.test('a wanted MAC address', async (t) => {
  const folders = newFolders(t)
  const mac = '02:00:00:00:00:07'
  t.equal(leaseAddress(folders, network, request('a', { mac })).mac, mac)
  t.throws(() => leaseAddress(folders, network, request('b', { mac: '03:00:00:00:00:07' })), {
    code: 'INVALID_ARGUMENT',
  })
})

t.test('processes at the same time never get one address twice', async (t) => {
  const folders = newFolders(t)
  const source = `
    import { leaseAddress } from ${JSON.stringify(join(import.meta.dirname, '../../../runtime/network/lease.ts'))}
    const network = ${JSON.stringify({ ...network, ipv4: { subnet: '10.90.0.0/24', gateway: '10.90.0.1' } })}
    for (let index = 0; index < 40; index++)
      console.log(leaseAddress(${JSON.stringify(folders)}, network,
        { containerId: process.pid + '-' + index, ipv6: false, isHolding: () => true }).ipv4.address)`
  const outputs = await Promise.all(
    Array.from({ length: 4 }, async () => {
      const child = spawn(process.execPath, ['--input-type=module', '-e', source], {
        stdio: ['ignore', 'pipe', 'inherit'],
      })
      let text = ''
      child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
        text += chunk
      })
      const [code] = (await once(child, 'close')) as [number]
      t.equal(code, 0)
      return text.trim().split('\n')
    }),
  )
  const all = outputs.flat()
  t.equal(all.length, 160)
  t.equal(new Set(all).size, 160)
})
