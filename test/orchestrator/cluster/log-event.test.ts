import t from 'tap'
import { logEvent } from '../../../orchestrator/cluster/log-event.ts'
import { makeLogger } from '../../../orchestrator/server/logging/logger.ts'
import { podWith } from '../node/pod-fixture.ts'

const text = {
  type: 'Normal',
  reason: 'Started',
  message: 'Started container web',
  fieldPath: 'spec.containers{web}',
} as const

function linesAt(verbosity: number): string[] {
  const lines: string[] = []
  const logger = makeLogger({ format: 'json', verbosity, write: (line) => void lines.push(line) })
  logEvent(logger, 'dev-1', podWith({}), text)
  return lines
}

t.test('a line names pod, node, event and trace', async (t) => {
  const [line = ''] = linesAt(1)
  t.match(JSON.parse(line), {
    msg: 'Started container web',
    event: 'Started',
    type: 'Normal',
    pod: { name: 'web-1', namespace: 'shop' },
    node: 'dev-1',
    trace: '11111111-2222-3333-4444-555555555555',
    fieldPath: 'spec.containers{web}',
  })
})

t.test('only for who asks', async (t) => {
  t.strictSame(linesAt(0), [])
})
