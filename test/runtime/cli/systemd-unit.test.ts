import t from 'tap'
import { systemdUnit } from '../../../runtime/cli/output/systemd-unit.ts'

const wish = {
  kind: 'container',
  name: 'web',
  unit: 'container-web',
  command: ['/opt/my container/$bin/mycontainer'],
  restartPolicy: 'no',
  stopSeconds: 7,
  after: [],
  wants: [],
  requires: ['db.service'],
  env: ['A=$x%n"'],
} as const

t.test('words are quoted as systemd reads them', async (t) => {
  const lines = systemdUnit(wish).split('\n')
  for (const line of [
    'ExecStart="/opt/my container/$$bin/mycontainer" start --attach web',
    'Environment="A=$x%%n\\""',
    'Requires=db.service',
    'TimeoutStopSec=67',
  ])
    t.ok(lines.includes(line), line)
})

t.test('a pod is started and stopped', async (t) => {
  t.match(systemdUnit({ ...wish, kind: 'pod' }), /Type=oneshot\nRemainAfterExit=yes\n/)
})
