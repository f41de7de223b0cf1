import { protobufField, protobufObject } from './protobuf-bytes.ts'

// Requests that once broke the server, or would keep it from everybody else for minutes: one row each.

export interface HostileRow {
  readonly title: string
  readonly method?: string
  readonly target: string
  readonly body?: unknown
  readonly type?: string
  readonly code: number
}

export const configMaps = '/api/v1/namespaces/default/configmaps'
const pods = '/api/v1/namespaces/default/pods'
const deployments = '/apis/apps/v1/namespaces/default/deployments'
const revisions = '/apis/apps/v1/namespaces/default/controllerrevisions'
export const strategic = 'application/strategic-merge-patch+json'
export const apply = 'application/apply-patch+yaml'

export const configMap = (name: string, more: object = {}) => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name },
  ...more,
})
const keys = (count: number, prefix: string) =>
  Object.fromEntries(Array.from({ length: count }, (_, index) => [`${prefix}${index}`, '']))
const texts = (count: number, prefix: string) =>
  Array.from({ length: count }, (_, index) => `${prefix}${index}`)
const nested = (depth: number) => '['.repeat(depth) + ']'.repeat(depth)
const container = { name: 'c', image: 'x' }
const deployment = (env: object[] = []) => ({
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { name: 'd' },
  spec: {
    selector: { matchLabels: { a: 'b' } },
    template: { metadata: { labels: { a: 'b' } }, spec: { containers: [{ ...container, env }] } },
  },
})
const variables = (count: number, prefix: string) =>
  texts(count, prefix).map((name) => ({ name, value: '1' }))
const pod = (name: string, spec: object = {}) => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name },
  spec: { nodeName: 'n', containers: [container], ...spec },
})
const token = (revision: unknown) =>
  Buffer.from(JSON.stringify({ v: 1, rv: revision, start: 'x' })).toString('base64url')
const deeper = Array.from({ length: 3_000 }, () => [
  { op: 'add', path: '/data/y', value: {} },
  { op: 'move', from: '/data/x', path: '/data/y/x' },
  { op: 'move', from: '/data/y', path: '/data/x' },
]).flat()

export const hostileRows: readonly HostileRow[] = [
  {
    title: 'nested behind an escaped backslash',
    target: revisions,
    body: `{"apiVersion":"apps/v1","kind":"ControllerRevision","metadata":{"name":"x"},"revision":1,"a":"\\\\","data":{"b":${nested(20_000)}}}`,
    code: 400,
  },
  {
    title: 'JSON nested without end as YAML',
    target: configMaps,
    type: 'application/yaml',
    body: `{"a":${nested(20_000)}}`,
    code: 400,
  },
  {
    title: 'YAML nested without end',
    target: configMaps,
    type: 'application/yaml',
    body: nested(20_000),
    code: 400,
  },
  {
    title: 'JSON in protobuf nested without end',
    target: revisions,
    type: 'application/vnd.kubernetes.protobuf',
    body: protobufObject(
      'apps/v1',
      'ControllerRevision',
      protobufField(1, protobufField(1, 'x')),
      protobufField(2, protobufField(1, `{"a":${nested(20_000)}}`)),
    ),
    code: 400,
  },
  {
    title: 'a revision to patch',
    target: revisions,
    body: {
      apiVersion: 'apps/v1',
      kind: 'ControllerRevision',
      metadata: { name: 'y' },
      revision: 1,
      data: { x: {} },
    },
    code: 201,
  },
  {
    title: 'a JSON patch that nests with every operation',
    method: 'PATCH',
    target: `${revisions}/y`,
    type: 'application/json-patch+json',
    body: deeper,
    code: 400,
  },
  {
    title: 'aliases of aliases',
    target: configMaps,
    type: 'application/yaml',
    body: `a: &a [x,x,x,x,x,x,x,x]\n${'bcdefghi'
      .split('')
      .map(
        (name, index) =>
          `${name}: &${name} [${Array.from({ length: 9 }, () => `*${'abcdefgh'[index]}`).join(',')}]`,
      )
      .join('\n')}`,
    code: 400,
  },
  {
    title: 'aliases of themselves',
    target: configMaps,
    type: 'application/yaml',
    body: 'a: &a [*a, *a]',
    code: 400,
  },
  {
    title: 'one long text under a hundred names',
    target: configMaps,
    type: 'application/yaml',
    body: `a: &a ${'x'.repeat(1_000_000)}\nb: [${texts(90, '').fill('*a').join(',')}]`,
    code: 400,
  },
  {
    title: 'YAML with many keys',
    target: configMaps,
    type: 'application/yaml',
    body: `${JSON.stringify(configMap('many'))
      .slice(1, -1)
      .replaceAll(/"(apiVersion|kind|metadata)":/g, '$1: ')
      .replaceAll(',', '\n')}\ndata:\n${texts(20_000, '  k').join(': v\n')}: v\n`,
    code: 201,
  },
  {
    title: 'a label selector of spaces',
    method: 'GET',
    target: `${configMaps}?labelSelector=a=${'%20'.repeat(20_000)}(`,
    code: 400,
  },
  {
    title: 'a label selector of many terms',
    method: 'GET',
    target: `${configMaps}?labelSelector=${'a,'.repeat(30_000)}`,
    code: 200,
  },
  {
    title: 'a field selector of commas and backslashes',
    method: 'GET',
    target: `${configMaps}?fieldSelector=${'\\,'.repeat(30_000)}`,
    code: 400,
  },
  {
    title: 'a quantity of many digits',
    target: pods,
    body: pod('q', {
      containers: [{ ...container, resources: { limits: { cpu: `${'1'.repeat(100_000)}x` } } }],
    }),
    code: 422,
  },
  {
    title: 'more wrong labels than a call takes arguments',
    target: configMaps,
    body: configMap('x', { metadata: { name: 'x', labels: keys(130_000, '_') } }),
    code: 422,
  },
  {
    title: 'more unknown fields than a call takes arguments',
    target: configMaps,
    body: configMap('unknown', keys(130_000, 'u')),
    code: 201,
  },
  {
    title: 'as many to a strict server',
    target: `${configMaps}?fieldValidation=Strict`,
    body: configMap('strict', keys(130_000, 'u')),
    code: 400,
  },
  {
    title: 'a limit past all numbers',
    method: 'GET',
    target: `${configMaps}?limit=1e300`,
    code: 400,
  },
  ...[1.5, 1e300, '1', null, {}].map((revision) => ({
    title: `a forged token for revision ${JSON.stringify(revision)}`,
    method: 'GET',
    target: `${configMaps}?limit=1&continue=${token(revision)}`,
    code: 400,
  })),
  {
    title: 'a forged token for a revision before all',
    method: 'GET',
    target: `${configMaps}?limit=1&continue=${token(-7)}`,
    code: 410,
  },
  {
    title: 'a pod with grace for ages',
    target: pods,
    body: pod('g', { terminationGracePeriodSeconds: 2 ** 62 }),
    code: 201,
  },
  { title: 'which is deleted', method: 'DELETE', target: `${pods}/g`, code: 200 },
  { title: 'another pod', target: pods, body: pod('h'), code: 201 },
  {
    title: 'grace past all numbers',
    method: 'DELETE',
    target: `${pods}/h?gracePeriodSeconds=1e300`,
    code: 400,
  },
  {
    title: 'grace past the calendar',
    method: 'DELETE',
    target: `${pods}/h?gracePeriodSeconds=1000000000000000`,
    code: 200,
  },
  {
    title: 'containers that are a text',
    method: 'PUT',
    target: `${pods}/h/resize`,
    body: pod('h', { containers: 'boo' }),
    code: 400,
  },
  {
    title: 'an ephemeral container of wrong types',
    method: 'PUT',
    target: `${pods}/h/ephemeralcontainers`,
    body: pod('h', { ephemeralContainers: [{ name: {} }, 5] }),
    code: 400,
  },
  {
    title: 'finalizers that are no list',
    method: 'PUT',
    target: '/api/v1/namespaces/default/finalize',
    body: { metadata: { name: 'default' }, spec: { finalizers: { a: 1 } } },
    code: 400,
  },
  { title: 'a deployment', target: deployments, body: deployment(), code: 201 },
  {
    title: 'more replicas than an int32 has',
    method: 'PUT',
    target: `${deployments}/d/scale`,
    body: { spec: { replicas: 2 ** 40 } },
    code: 400,
  },
  {
    title: 'many finalizers',
    target: configMaps,
    body: configMap('f', { metadata: { name: 'f', finalizers: texts(15_000, 'a.b/') } }),
    code: 201,
  },
  {
    title: 'as many more, merged',
    method: 'PATCH',
    target: `${configMaps}/f`,
    type: strategic,
    body: { metadata: { finalizers: texts(15_000, 'c.d/') } },
    code: 200,
  },
  {
    title: 'as many deleted and ordered',
    method: 'PATCH',
    target: `${configMaps}/f`,
    type: strategic,
    body: {
      metadata: {
        '$deleteFromPrimitiveList/finalizers': texts(10_000, 'a.b/'),
        '$setElementOrder/finalizers': texts(15_000, 'c.d/').toReversed(),
      },
    },
    code: 200,
  },
  {
    title: 'many keys applied',
    method: 'PATCH',
    target: `${configMaps}/a?fieldManager=m`,
    type: apply,
    body: configMap('a', { data: keys(20_000, 'k') }),
    code: 201,
  },
  {
    title: 'and replaced by others',
    method: 'PATCH',
    target: `${configMaps}/a?fieldManager=m`,
    type: apply,
    body: configMap('a', { data: keys(20_000, 'l') }),
    code: 200,
  },
  {
    title: 'many variables merged',
    method: 'PATCH',
    target: `${deployments}/d`,
    type: strategic,
    body: {
      spec: { template: { spec: { containers: [{ name: 'c', env: variables(10_000, 'e') }] } } },
    },
    code: 200,
  },
  {
    title: 'as many more',
    method: 'PATCH',
    target: `${deployments}/d`,
    type: strategic,
    body: {
      spec: { template: { spec: { containers: [{ name: 'c', env: variables(10_000, 'f') }] } } },
    },
    code: 200,
  },
  {
    title: 'as many more, applied',
    method: 'PATCH',
    target: `${deployments}/d?fieldManager=m&force=true`,
    type: apply,
    body: deployment(variables(10_000, 'g')),
    code: 200,
  },
  {
    title: 'a time that is a text in protobuf',
    target: configMaps,
    type: 'application/vnd.kubernetes.protobuf',
    body: protobufObject(
      'v1',
      'ConfigMap',
      protobufField(1, protobufField(1, 't'), protobufField(8, protobufField(1, 'zz'))),
    ),
    code: 400,
  },
  {
    title: 'a time that is none',
    target: '/apis/coordination.k8s.io/v1/namespaces/default/leases',
    body: {
      apiVersion: 'coordination.k8s.io/v1',
      kind: 'Lease',
      metadata: { name: 'l' },
      spec: { renewTime: 'tomorrow' },
    },
    code: 400,
  },
  {
    title: 'a deployment of nothing',
    target: deployments,
    body: { apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name: 'nothing' } },
    code: 422,
  },
  {
    title: 'a cron job in a zone that is none',
    target: '/apis/batch/v1/namespaces/default/cronjobs',
    body: {
      apiVersion: 'batch/v1',
      kind: 'CronJob',
      metadata: { name: 'z' },
      spec: {
        schedule: '* * * * *',
        timeZone: 'x',
        jobTemplate: {
          spec: { template: { spec: { restartPolicy: 'Never', containers: [container] } } },
        },
      },
    },
    code: 422,
  },
  ...['pods', 'a/b.c', '..', ''].map((group) => ({
    title: `a definition in the group ${JSON.stringify(group)}`,
    target: '/apis/apiextensions.k8s.io/v1/customresourcedefinitions',
    body: {
      apiVersion: 'apiextensions.k8s.io/v1',
      kind: 'CustomResourceDefinition',
      metadata: { name: `foos.${group}` },
      spec: {
        group,
        names: { plural: 'foos', kind: 'Foo' },
        scope: 'Namespaced',
        versions: [
          {
            name: 'v1',
            served: true,
            storage: true,
            schema: { openAPIV3Schema: { type: 'object' } },
          },
        ],
      },
    },
    code: 422,
  })),
]
