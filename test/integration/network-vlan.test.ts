import { execFileSync, spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t from 'tap'
import { hasCode } from '../../native/error.ts'
import { ensureNetwork } from '../../runtime/network/bridge.ts'
import { destroyNetwork } from '../../runtime/network/destroy-network.ts'
import { createNetwork } from '../../runtime/network/network-store.ts'
import type { Network } from '../../runtime/network/network.ts'

// Needs root and ip(8). A VLAN that a network's parent names, made for it and gone with it. Where the kernel has no
// 802.1Q, what to load is said, and nothing is left behind: the guest's has it.

t.setTimeout(120_000)
const root = mkdtempSync(join(tmpdir(), 'mc-vlan-'))
const folders = { runDir: join(root, 'run'), dataDir: join(root, 'data'), root }
const cable = `mcy${process.pid % 100_000}`
const vlan = `${cable}.50`

t.before(() => {
  execFileSync('ip', ['link', 'add', cable, 'type', 'veth', 'peer', 'name', `${cable}p`])
  execFileSync('ip', ['link', 'set', cable, 'up'])
})
t.teardown(() => {
  execFileSync('ip', ['link', 'delete', cable])
  rmSync(root, { recursive: true })
})

const show = (): string =>
  spawnSync('ip', ['-d', 'link', 'show', vlan], { encoding: 'utf8' }).stdout
const create = (name: string, parent: string): Network =>
  createNetwork(folders, { name, driver: 'macvlan', mode: 'bridge', parent })
const remove = (name: string): Network => destroyNetwork(folders, name, () => false)

function createOrLack(name: string): Network | undefined {
  try {
    return create(name, vlan)
  } catch (error) {
    if (hasCode(error, 'UNSUPPORTED')) return undefined
    throw error
  }
}

t.test('a VLAN as parent', async (t) => {
  t.throws(() => create('lan', 'mcnosuch.5'), { code: 'NOT_FOUND' })
  t.throws(() => create('lan', `${cable}.4095`), { code: 'NOT_FOUND' }, 'no VLAN has that number')
  const made = createOrLack('lan')
  if (!made) return t.equal(show(), '')
  t.match(show(), /vlan protocol 802.1Q id 50/u)
  const other = create('other', vlan)
  remove('lan')
  t.not(show(), '', 'the other network has it now')
  // As after a new start of the machine.
  execFileSync('ip', ['link', 'delete', vlan])
  ensureNetwork(folders, other)
  t.not(show(), '')
  remove('other')
  t.equal(show(), '', 'gone with the last network')
  execFileSync('ip', ['link', 'add', 'link', cable, 'name', vlan, 'type', 'vlan', 'id', '50'])
  create('lan', vlan)
  remove('lan')
  return t.not(show(), '', 'what somebody else has made stays theirs')
})
