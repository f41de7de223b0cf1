import t from 'tap'
import { serverAddress } from '../../../orchestrator/server/cluster-services.ts'

const rows: [string, { host: string; names?: string[] }, string | undefined][] = [
  ['the address it listens on', { host: '10.201.0.1' }, '10.201.0.1'],
  ['loopback is for this machine alone', { host: '127.0.0.1' }, undefined],
  [
    'everywhere: an address it is called by',
    { host: '0.0.0.0', names: ['a.b', '192.0.2.1'] },
    '192.0.2.1',
  ],
  ['everywhere: an address of the machine', { host: '::' }, '192.0.2.9'],
]

for (const [name, options, wanted] of rows)
  t.test(name, async (t) => {
    t.equal(serverAddress({ port: 6443, ...options }, ['192.0.2.9']), wanted)
  })
