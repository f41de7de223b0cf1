import t from 'tap'
import {
  isNamed,
  namedNetworks,
  requireNoMode,
  requireOwnNetworks,
  withNetwork,
  withoutNetwork,
  wishFor,
} from '../../../runtime/container/network-membership.ts'
import type { NetworkMode, NetworkOptions } from '../../../runtime/container/options.ts'

const plain: NetworkOptions = {
  mode: { kind: 'bridge' },
  aliases: [],
  publish: [],
  publishAll: false,
  expose: [],
  dns: [],
  dnsSearch: [],
  dnsOptions: [],
  noHosts: false,
  addHosts: [],
}
const id = 'ab'.repeat(32)

t.test('a network more', async (t) => {
  const said = { ...plain, ip: '10.0.0.5', aliases: ['x'], mode: networks('web') }
  const wider = withNetwork(said, 'data', { ip: '10.1.0.5', aliases: ['y'] })
  t.strictSame(namedNetworks(wider.mode), ['web', 'data'])
  t.strictSame(wishFor(wider, 'web'), { ip: '10.0.0.5', aliases: ['x'] }, 'what was said for all')
  t.strictSame(wishFor(wider, 'data'), { ip: '10.1.0.5', aliases: ['y'] }, 'is not for the new one')
  t.strictSame(namedNetworks(withNetwork(plain, 'data', {}).mode), ['bridge', 'data'])
})

t.test('a network less', async (t) => {
  const both = withNetwork(
    { ...plain, mac: '02:00:00:00:00:01', mode: networks('web') },
    'data',
    {},
  )
  const left = withoutNetwork(both, { network: 'data', networkId: id })
  t.strictSame(namedNetworks(left.mode), ['web'])
  t.strictSame(wishFor(left, 'web'), { mac: '02:00:00:00:00:01', aliases: [] })
  const none = withoutNetwork(left, { network: 'web', networkId: id })
  t.strictSame(namedNetworks(none.mode), [])
  t.strictSame(namedNetworks(withNetwork(none, 'web', {}).mode), ['web'], 'and in again')
})

const named: readonly (readonly [string, NetworkMode, boolean])[] = [
  ['by its name', networks('web'), true],
  ['by its id', networks(id), true],
  ['by the start of its id', networks(id.slice(0, 12)), true],
  ['by little of it', networks(id.slice(0, 4)), true],
  ['by what is no part of it', networks('abc'), false],
  ['another', networks('data'), false],
  ['no network', { kind: 'none' }, false],
]
for (const [title, mode, want] of named)
  t.test(`is named: ${title}`, async (t) =>
    t.equal(isNamed(mode, { network: 'web', networkId: id }), want),
  )

t.test('the default network has several names', async (t) => {
  for (const mode of [{ kind: 'bridge' } as const, networks('bridge'), networks('podman')])
    t.ok(isNamed(mode, { network: 'bridge', networkId: id }))
})

t.test('modes that have no networks of their own', async (t) => {
  const modes: readonly NetworkMode[] = [
    { kind: 'none' },
    { kind: 'host' },
    { kind: 'container', container: 'x' },
    { kind: 'path', path: '/x' },
  ]
  for (const mode of modes)
    for (const verb of ['connect', 'disconnect'] as const)
      t.throws(() => requireOwnNetworks(mode, verb), { code: 'INVALID_ARGUMENT' }, mode.kind)
  t.throws(() => requireNoMode('host', networks('web')), { code: 'INVALID_ARGUMENT' })
  t.throws(() => requireNoMode('none', networks('web')), { code: 'INVALID_ARGUMENT' })
  t.doesNotThrow(() => requireNoMode('web', networks('web')))
})

function networks(...names: string[]): NetworkMode {
  return { kind: 'networks', names }
}
