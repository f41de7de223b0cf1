import t from 'tap'
import { planPod } from '../../../orchestrator/node/plan-pod.ts'
import type { PodPlan } from '../../../orchestrator/node/plan-pod.ts'
import type {
  ContainerFacts,
  ContainerRole,
  ContainerRun,
} from '../../../orchestrator/node/pod-containers.ts'

const now = 1_000_000

function run(more: Partial<ContainerRun>): ContainerFacts {
  const current = { id: 'x', attempt: 0, imageId: '', isRunning: false, exitCode: 0 }
  return { current: { ...current, reason: '', message: '', ...more } }
}
const running = run({ isRunning: true })
const started = { ...running, health: { started: true, ready: false } }
const done = run({})
const failed = run({ exitCode: 1 })

type Row = readonly [
  title: string,
  policy: 'Always' | 'OnFailure' | 'Never',
  containers: readonly (readonly [string, ContainerRole, ContainerFacts?])[],
  expected: Partial<PodPlan>,
]

const rows: readonly Row[] = [
  [
    'all containers start at once',
    'Always',
    [
      ['a', 'main'],
      ['b', 'main'],
    ],
    { start: ['a', 'b'] },
  ],
  [
    'an init container is alone',
    'Always',
    [
      ['i', 'init'],
      ['a', 'main'],
    ],
    { start: ['i'], isInitialized: false },
  ],
  [
    'while it runs nothing starts',
    'Always',
    [
      ['i', 'init', running],
      ['a', 'main'],
    ],
    { start: [], isInitialized: false },
  ],
  [
    'then comes the next',
    'Always',
    [
      ['i', 'init', done],
      ['a', 'main'],
    ],
    { start: ['a'] },
  ],
  [
    'one that fails is started again',
    'Always',
    [
      ['i', 'init', failed],
      ['a', 'main'],
    ],
    { start: ['i'], isInitialized: false },
  ],
  [
    'where nothing is restarted it ends the pod',
    'Never',
    [
      ['i', 'init', failed],
      ['a', 'main'],
    ],
    { start: [], ended: 'Failed' },
  ],
  [
    'a sidecar that has not started yet holds the others',
    'Always',
    [
      ['s', 'sidecar', running],
      ['a', 'main'],
    ],
    { start: [], isInitialized: false },
  ],
  [
    'and then does not',
    'Always',
    [
      ['s', 'sidecar', started],
      ['a', 'main'],
    ],
    { start: ['a'] },
  ],
  [
    'a sidecar is started again, whatever the policy',
    'Never',
    [
      ['s', 'sidecar', failed],
      ['a', 'main', running],
    ],
    { start: ['s'] },
  ],
  [
    'sidecars end with the pod',
    'Never',
    [
      ['s', 'sidecar', started],
      ['a', 'main', done],
    ],
    { stop: ['s'], ended: 'Succeeded' },
  ],
  ['a container that ended is started again', 'Always', [['a', 'main', done]], { start: ['a'] }],
  ['but not where it ended well', 'OnFailure', [['a', 'main', done]], { ended: 'Succeeded' }],
  ['only where it failed', 'OnFailure', [['a', 'main', failed]], { start: ['a'] }],
  ['or never', 'Never', [['a', 'main', failed]], { ended: 'Failed' }],
  [
    'one that runs keeps the pod',
    'Never',
    [
      ['a', 'main', failed],
      ['b', 'main', running],
    ],
    { start: [], ended: undefined },
  ],
  [
    'what is held back waits',
    'Always',
    [
      ['a', 'main', { ...failed, notBefore: now + 10 }],
      ['b', 'main', { notBefore: now + 20 }],
    ],
    { start: [], lookAgainAt: now + 10 },
  ],
  [
    'an ephemeral container starts once',
    'Always',
    [
      ['a', 'main', running],
      ['e', 'ephemeral'],
      ['f', 'ephemeral', done],
    ],
    { start: ['e'] },
  ],
  [
    'an init container does not come back when the others have begun',
    'Always',
    [
      ['i', 'init'],
      ['a', 'main', failed],
    ],
    { start: ['a'], isInitialized: true },
  ],
]

for (const [title, policy, containers, expected] of rows)
  t.test(title, async (t) => {
    const specs = containers.map(([name, role]) => ({ name, role, spec: {} }))
    const facts = new Map(containers.map(([name, , fact]) => [name, fact ?? {}]))
    t.match(planPod(specs, facts, policy, now), expected)
  })
