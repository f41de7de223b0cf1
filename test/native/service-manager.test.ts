import t from 'tap'
import { stateText, tellServiceManager } from '../../native/service-manager.ts'

const rows = [
  { state: {}, want: '' },
  { state: { ready: true }, want: 'READY=1' },
  { state: { stopping: true }, want: 'STOPPING=1' },
  { state: { ready: true, status: 'at\nwork' }, want: 'READY=1\nSTATUS=at work' },
]

for (const { state, want } of rows)
  t.test(`what is told of ${JSON.stringify(state)}`, async (t) => t.equal(stateText(state), want))

t.test('nobody has to listen', async (t) => {
  for (const path of [undefined, '', 'vsock:2:3', '/nowhere/socket', `/${'n'.repeat(200)}`])
    t.doesNotThrow(() => tellServiceManager({ ready: true }, { NOTIFY_SOCKET: path }))
})
