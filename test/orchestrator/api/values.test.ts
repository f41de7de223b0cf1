import t from 'tap'
import { formatDuration } from '../../../orchestrator/api/print/column.ts'
import { qosClass } from '../../../orchestrator/api/qos-class.ts'
import { parseQuantity } from '../../../orchestrator/api/quantity.ts'
import {
  makeSelector,
  parseFieldSelector,
  parseLabelSelector,
} from '../../../orchestrator/api/selectors.ts'

const refused = { name: 'StatusError' }

const durations: [number, string][] = [
  [-5, '<invalid>'],
  [-1, '0s'],
  [0, '0s'],
  [119, '119s'],
  [120, '2m'],
  [330, '5m30s'],
  [600, '10m'],
  [3 * 3600 - 1, '179m'],
  [3 * 3600 + 300, '3h5m'],
  [8 * 3600, '8h'],
  [47 * 3600, '47h'],
  [51 * 3600, '2d3h'],
  [30 * 86_400, '30d'],
  [740 * 86_400, '2y10d'],
  [3000 * 86_400, '8y'],
]
t.test('ages as kubectl writes them', async (t) => {
  for (const [seconds, want] of durations) t.equal(formatDuration(seconds), want, String(seconds))
})

const quantities: [unknown, number | undefined][] = [
  ['100m', 0.1],
  ['1.5', 1.5],
  ['128Mi', 134_217_728],
  ['2e3', 2000],
  ['1k', 1000],
  [2, 2],
  ['', undefined],
  ['1 Gi', undefined],
  ['1KB', undefined],
]
t.test('amounts', async (t) => {
  for (const [value, want] of quantities) t.equal(parseQuantity(value), want, String(value))
})

const both = { cpu: '1', memory: '1Gi' }
const classes: [string, object, string][] = [
  ['nothing asked for', {}, 'BestEffort'],
  ['a request', { requests: { cpu: '1' } }, 'Burstable'],
  ['limits that are requests', { limits: both, requests: both }, 'Guaranteed'],
  [
    'the same in other words',
    { limits: both, requests: { cpu: '1000m', memory: '1024Mi' } },
    'Guaranteed',
  ],
  ['one limit only', { limits: { cpu: '1' }, requests: { cpu: '1' } }, 'Burstable'],
  ['requests of nothing', { requests: { cpu: '0' } }, 'BestEffort'],
]
t.test('what a pod is promised', async (t) => {
  for (const [name, resources, want] of classes)
    t.equal(qosClass({ containers: [{ name: 'c', resources: { ...resources } }] }), want, name)
})

const pod = {
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name: 'p', labels: { a: 'x', n: '5' } },
  spec: { nodeName: 'n1' },
  status: { phase: 'Running' },
}
const selectors: [string, boolean][] = [
  ['a=x', true],
  ['a==x', true],
  ['a!=x', false],
  ['b!=x', true],
  ['a', true],
  ['!a', false],
  ['!b', true],
  ['a in (x, y)', true],
  ['a notin (x)', false],
  ['b notin (x)', true],
  ['n>4', true],
  ['n<4', false],
  ['a=x,n=5', true],
  ['a=x,!n', false],
  ['a in (),b', false],
]
t.test('labels select', async (t) => {
  for (const [text, want] of selectors)
    t.equal(makeSelector(parseLabelSelector(text), [])?.(pod), want, text)
})

t.test('fields select', async (t) => {
  const known = ['metadata.name', 'spec.nodeName', 'status.phase', 'status.podIP']
  const rows: [string, boolean][] = [
    ['spec.nodeName=n1,status.phase!=Failed', true],
    ['spec.nodeName=', false],
    ['status.podIP=', true],
    ['metadata.name==p', true],
  ]
  for (const [text, want] of rows)
    t.equal(makeSelector([], parseFieldSelector(text, known))?.(pod), want, text)
})

t.test('what is no selector is refused', async (t) => {
  for (const text of ['a=', '=', 'a in x', 'a in (x', 'a b', '(', 'a=x=y', 'ä', 'a>x', '-a'])
    if (text === 'a=') t.ok(parseLabelSelector(text), 'an empty value is one')
    else t.throws(() => parseLabelSelector(text), refused, text)
  t.throws(() => parseFieldSelector('x', []), refused)
  t.throws(() => parseFieldSelector('x=y', ['z']), refused)
})
