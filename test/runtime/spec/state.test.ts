import t from 'tap'
import { buildFeatures } from '../../../runtime/spec/features.ts'
import { buildProcessState, buildState } from '../../../runtime/spec/state.ts'

const parts = {
  id: 'web',
  status: 'running',
  pid: 42,
  bundle: '/b',
  annotations: { a: 'b' },
} as const
const running = { ociVersion: '1.3.0', ...parts }

t.test('a running container has a pid', async (t) => t.strictSame(buildState(parts), running))

t.test('a stopped one has none, nor empty annotations', async (t) => {
  const stopped = buildState({ ...parts, status: 'stopped', annotations: {} })
  t.strictSame(stopped, { ociVersion: '1.3.0', id: 'web', status: 'stopped', bundle: '/b' })
})

t.test('the receiver of a listener gets pid and metadata', async (t) => {
  t.strictSame(buildProcessState(buildState(parts), 43, 'm'), {
    ociVersion: '1.3.0',
    fds: ['seccompFd'],
    pid: 43,
    metadata: 'm',
    state: running,
  })
})

t.test('features are plain JSON with the required versions', async (t) => {
  const features = buildFeatures('1.0.0')
  t.strictSame(JSON.parse(JSON.stringify(features)), features)
  t.match(features, { ociVersionMin: '1.0.0', ociVersionMax: '1.3.0' })
})
