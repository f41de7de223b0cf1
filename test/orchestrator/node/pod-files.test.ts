import t from 'tap'
import type { JsonObject } from '../../../orchestrator/api/object.ts'
import { fileMounts, podHosts } from '../../../orchestrator/node/pod-files.ts'
import { podHostname } from '../../../orchestrator/node/sandbox.ts'
import { podWith } from './pod-fixture.ts'

t.test('names of a pod', async (t) => {
  const rows: readonly [string, JsonObject, RegExp][] = [
    ['its own', {}, /^10\.244\.1\.7\tweb-1$/m],
    [
      'in the domain of a headless service',
      { hostname: 'db-0', subdomain: 'db' },
      /^10\.244\.1\.7\tdb-0\.db\.shop\.svc\.cluster\.local\tdb-0$/m,
    ],
    [
      'aliases',
      { hostAliases: [{ ip: '192.0.2.9', hostnames: ['a', 'b'] }] },
      /^192\.0\.2\.9\ta\tb$/m,
    ],
  ]
  for (const [title, spec, line] of rows)
    t.match(podHosts(podWith(spec), '10.244.1.7'), line, title)
  t.notMatch(podHosts(podWith({ hostNetwork: true }), '192.0.2.1'), /192\.0\.2\.1/)
})

t.test('a host name has no more than 63 letters and ends in one', async (t) => {
  t.equal(podHostname(podWith({ hostname: 'db-0' })), 'db-0')
  t.equal(podHostname(podWith({ hostname: `${'a'.repeat(62)}-b` })), 'a'.repeat(62))
})

t.test('a volume of the container goes before a file of the pod', async (t) => {
  const message = { messageFile: '/pod/0.message', messagePath: '/dev/termination-log' }
  const mounts = fileMounts('/pod', podWith({}), message, new Set(['/etc/hosts']))
  t.strictSame(
    mounts.map(({ source, destination }) => [source, destination]),
    [
      ['/pod/resolv.conf', '/etc/resolv.conf'],
      ['/pod/hostname', '/etc/hostname'],
      ['/pod/shm', '/dev/shm'],
      ['/pod/0.message', '/dev/termination-log'],
    ],
  )
})
