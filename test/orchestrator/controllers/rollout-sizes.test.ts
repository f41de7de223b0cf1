import t from 'tap'
import type { KubeObject } from '../../../orchestrator/api/object.ts'
import { rolloutLimits } from '../../../orchestrator/controllers/deployment/deployment-facts.ts'
import {
  growNewSet,
  shrinkOldSets,
} from '../../../orchestrator/controllers/deployment/rolling-sizes.ts'
import { isScaled, scaleSizes } from '../../../orchestrator/controllers/deployment/scale-sizes.ts'
import { templateHash } from '../../../orchestrator/controllers/deployment/template-hash.ts'

type Amount = number | string

function deployment(replicas: number, maxSurge: Amount, maxUnavailable: Amount): KubeObject {
  const strategy = { type: 'RollingUpdate', rollingUpdate: { maxSurge, maxUnavailable } }
  return { apiVersion: 'apps/v1', kind: 'Deployment', metadata: {}, spec: { replicas, strategy } }
}

interface Size {
  readonly replicas: number
  readonly available?: number
  /** What the Deployment wanted, and might have had, when the set was sized. */
  readonly sizedFor?: readonly [desired: number, most: number]
}

let age = 0
function set(name: string, { replicas, available = replicas, sizedFor }: Size): KubeObject {
  const [desired, most] = sizedFor ?? []
  return {
    apiVersion: 'apps/v1',
    kind: 'ReplicaSet',
    metadata: {
      name,
      creationTimestamp: new Date(++age * 1000).toISOString(),
      annotations: sizedFor
        ? {
            'deployment.kubernetes.io/desired-replicas': String(desired),
            'deployment.kubernetes.io/max-replicas': String(most),
          }
        : {},
    },
    spec: { replicas },
    status: { replicas, availableReplicas: available },
  }
}

const limits = [
  { title: 'shares: a surge is rounded up, missing ones down', of: [10, '25%', '25%'], is: [3, 2] },
  { title: 'counts', of: [10, 3, 2], is: [3, 2] },
  { title: 'both nothing: one may be missing', of: [10, 0, 0], is: [0, 1] },
  { title: 'both round to nothing', of: [1, 0, '25%'], is: [0, 1] },
  { title: 'no more can be missing than there are', of: [2, 0, 5], is: [0, 2] },
] as const
for (const { title, of, is } of limits)
  t.test(`limits: ${title}`, async (t) => {
    const [replicas, maxSurge, maxUnavailable] = of
    const wanted = deployment(replicas, maxSurge, maxUnavailable)
    const { surge, unavailable } = rolloutLimits(wanted)
    t.strictSame([surge, unavailable], is)
  })

t.test('a rolling update, step by step: 10 pods, 3 more and 2 fewer allowed', async (t) => {
  const wanted = deployment(10, 3, 2)
  const steps = [
    { old: { replicas: 10 }, new: { replicas: 0 }, grow: 3 },
    { old: { replicas: 10 }, new: { replicas: 3, available: 0 }, shrink: 8 },
    { old: { replicas: 8 }, new: { replicas: 3, available: 0 }, grow: 5 },
    { old: { replicas: 8 }, new: { replicas: 5, available: 0 } },
    { old: { replicas: 8 }, new: { replicas: 5, available: 5 }, shrink: 3 },
    { old: { replicas: 3 }, new: { replicas: 5, available: 5 }, grow: 10 },
    { old: { replicas: 3 }, new: { replicas: 10, available: 5 } },
    { old: { replicas: 3 }, new: { replicas: 10, available: 7 }, shrink: 1 },
    { old: { replicas: 1 }, new: { replicas: 10, available: 8 }, shrink: 0 },
  ]
  for (const step of steps) {
    const older = set('old', step.old)
    const newer = set('new', step.new)
    const grown = growNewSet(wanted, [older, newer], newer).get('new')
    t.equal(grown, step.grow, `${JSON.stringify(step)}: grow`)
    if (grown !== undefined) continue
    t.equal(shrinkOldSets(wanted, [older], newer).get('old'), step.shrink, JSON.stringify(step))
  }
})

t.test('old pods that are of no use go first, from the oldest set on', async (t) => {
  const sets = [
    set('oldest', { replicas: 4, available: 4 }),
    set('broken', { replicas: 6, available: 0 }),
  ]
  const newer = set('new', { replicas: 3, available: 3 })
  const sizes = shrinkOldSets(deployment(8, 3, 2), sets, newer)
  t.strictSame(Object.fromEntries(sizes), { broken: 0, oldest: 3 })
})

const scales = [
  {
    title: 'the only set is sized as the whole',
    wanted: deployment(5, 1, 0),
    sets: { new: { replicas: 3 } },
    is: { new: 5 },
  },
  {
    title: 'a rollout under way: both grow by their share',
    wanted: deployment(15, 3, 2),
    sets: {
      old: { replicas: 8, sizedFor: [10, 13] },
      new: { replicas: 5, available: 0, sizedFor: [10, 13] },
    },
    is: { old: 11, new: 7 },
  },
  {
    title: 'both shrink by their share',
    wanted: deployment(5, 0, 1),
    sets: {
      old: { replicas: 6, sizedFor: [10, 10] },
      new: { replicas: 4, available: 0, sizedFor: [10, 10] },
    },
    is: { old: 3, new: 2 },
  },
  {
    title: 'what rounding leaves over falls to the largest',
    wanted: deployment(11, 0, 1),
    sets: {
      old: { replicas: 5, sizedFor: [10, 10] },
      middle: { replicas: 3, sizedFor: [10, 10] },
      new: { replicas: 2, available: 0, sizedFor: [10, 10] },
    },
    is: { old: 6 },
  },
  {
    title: 'nothing is wanted',
    wanted: deployment(0, 1, 1),
    sets: {
      old: { replicas: 6, sizedFor: [10, 11] },
      new: { replicas: 4, sizedFor: [10, 11] },
    },
    is: { old: 0, new: 0 },
  },
  {
    title: 'the new set has all it needs: the old ones end',
    wanted: deployment(4, 1, 1),
    sets: {
      old: { replicas: 1, sizedFor: [4, 5] },
      new: { replicas: 4, sizedFor: [4, 5] },
    },
    is: { old: 0 },
  },
] as const
for (const { title, wanted, sets, is } of scales)
  t.test(`scaled: ${title}`, async (t) => {
    const all = Object.entries<Size>(sets).map(([name, size]) => set(name, size))
    const newer = all.find(({ metadata }) => metadata.name === 'new')
    const others = all.filter((each) => each !== newer)
    t.strictSame(Object.fromEntries(scaleSizes(wanted, newer, others)), is)
  })

t.test('a change of size is told from a rollout by what the sets were sized for', async (t) => {
  const sets = [set('new', { replicas: 3, sizedFor: [3, 4] })]
  t.notOk(isScaled(deployment(3, 1, 0), sets))
  t.ok(isScaled(deployment(5, 1, 0), sets))
})

t.test('the hash of a template: letters of a label, and another for each collision', async (t) => {
  const template = { metadata: { labels: { app: 'web' } }, spec: { containers: [{ name: 'c' }] } }
  const hash = templateHash(template, undefined)
  t.match(hash, /^[bcdfghjklmnpqrstvwxz2456789]{1,10}$/)
  const again = { spec: { containers: [{ name: 'c' }] }, metadata: { labels: { app: 'web' } } }
  t.equal(templateHash(again, undefined), hash, 'the order of fields does not count')
  t.not(templateHash(template, 1), hash)
  t.not(templateHash(template, 2), templateHash(template, 1))
})
