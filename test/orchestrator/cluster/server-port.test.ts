import { createServer } from 'node:net'
import type { AddressInfo } from 'node:net'
import { readFileSync } from 'node:fs'
import t from 'tap'
import { parseWildcardPorts } from '../../../orchestrator/cluster/server-port.ts'

const heading = '  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid'
const line = (local: string, state: string): string =>
  `   0: ${local} 00000000:0000 ${state} 00000000:00000000 00:00000000 00000000     0        0 1 1`

const rows: readonly [title: string, lines: readonly string[], ports: readonly number[]][] = [
  ['nobody', [], []],
  ['one that listens everywhere', [line('00000000:192B', '0A')], [6443]],
  ['one that listens on one address', [line('0100007F:192B', '0A')], []],
  ['a connection', [line('00000000:192B', '01')], []],
  ['IPv6', [line(`${'0'.repeat(32)}:0050`, '0A')], [80]],
]

for (const [title, lines, ports] of rows)
  t.test(title, async (t) => {
    t.strictSame(parseWildcardPorts([heading, ...lines, ''].join('\n')), ports)
  })

t.test('a real one is seen', async (t) => {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '0.0.0.0', resolve))
  t.teardown(() => server.close())
  const { port } = server.address() as AddressInfo
  t.ok(parseWildcardPorts(readFileSync('/proc/net/tcp', 'utf8')).includes(port))
})
