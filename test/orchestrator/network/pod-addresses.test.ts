import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t from 'tap'
import type { Test } from 'tap'
import { openPodAddresses } from '../../../orchestrator/network/pod-addresses.ts'

function makeFolder(t: Test): string {
  const folder = mkdtempSync(join(tmpdir(), 'pod-addresses-'))
  t.teardown(() => rmSync(folder, { recursive: true, force: true }))
  return folder
}

t.test('a pod keeps its address, also after a restart', async (t) => {
  const folder = makeFolder(t)
  const addresses = openPodAddresses(folder, '10.244.3.0/24')
  const first = addresses.take('one')
  t.equal(first, '10.244.3.2', 'the network’s and the bridge’s own go to nobody')
  t.equal(addresses.take('one'), first)
  t.not(addresses.take('two'), first)
  const again = openPodAddresses(folder, '10.244.3.0/24')
  t.equal(again.take('one'), first)
  t.same(again.owners(), new Set(['one', 'two']))
})

t.test('a full range says so, and has room again when a pod goes', async (t) => {
  const addresses = openPodAddresses(makeFolder(t), '10.244.3.0/29')
  const given = ['a', 'b', 'c', 'd', 'e'].map((uid) => addresses.take(uid))
  t.equal(new Set(given).size, 5)
  t.throws(() => addresses.take('f'), { code: 'BAD_STATE', detail: { range: '10.244.3.0/29' } })
  addresses.release('c')
  t.equal(addresses.take('f'), given[2])
})

t.test('what somebody claimed and could not sign belongs to nobody', async (t) => {
  const folder = makeFolder(t)
  writeFileSync(join(folder, '10.244.3.2'), '')
  t.equal(openPodAddresses(folder, '10.244.3.0/24').take('one'), '10.244.3.2')
})
