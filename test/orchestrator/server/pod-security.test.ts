import t from 'tap'
import { readPolicy } from '../../../orchestrator/server/audit/policy.ts'
import { openApi } from './api-under-test.ts'

const label = 'pod-security.kubernetes.io'
const namespaces = '/api/v1/namespaces'
const namespace = (name: string, labels: object) => ({
  apiVersion: 'v1',
  kind: 'Namespace',
  metadata: { name, labels },
})
const pod = (more: object, name = 'web') => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name },
  spec: { containers: [{ name: 'a', image: 'b' }], ...more },
})
const merge = { 'content-type': 'application/merge-patch+json' }

t.test('pods are held to the standard of their namespace', async (t) => {
  const events: Record<string, unknown>[] = []
  const policy = readPolicy({
    apiVersion: 'audit.k8s.io/v1',
    kind: 'Policy',
    omitStages: ['RequestReceived'],
    rules: [{ level: 'Metadata' }],
  })
  const write = (event: object) => void events.push(event as Record<string, unknown>)
  const { send } = await openApi(t, { audit: { policy, write } })
  const labels = {
    [`${label}/enforce`]: 'baseline',
    [`${label}/warn`]: 'restricted',
    [`${label}/audit`]: 'baseline',
  }
  await send('POST', namespaces, namespace('team', labels))
  const pods = `${namespaces}/team/pods`
  const refused = await send('POST', pods, pod({ hostNetwork: true }))
  t.match(refused.body, {
    code: 403,
    reason: 'Forbidden',
    message:
      'pods "web" is forbidden: violates PodSecurity "baseline:latest": host namespaces (hostNetwork=true)',
  })
  t.same(refused.warnings, [], 'who is refused is not warned as well')
  const key = `${label}/audit-violations`
  t.match(events.at(-1), {
    annotations: {
      [key]: 'would violate PodSecurity "baseline:latest": host namespaces (hostNetwork=true)',
      [`${label}/enforce-policy`]: 'baseline:latest',
    },
  })
  const admitted = await send('POST', pods, pod({}))
  t.equal(admitted.code, 201)
  t.match(admitted.warnings, [/^would violate PodSecurity "restricted:latest": allowPriv/])
  const labelled = await send('PATCH', `${pods}/web`, { metadata: { labels: { a: 'b' } } }, merge)
  t.same(labelled.warnings, [], 'what changes no container is not looked at')
  const elsewhere = await send('POST', `${namespaces}/default/pods`, pod({ hostNetwork: true }))
  t.equal(elsewhere.code, 201, 'a namespace that asks for nothing')
})

t.test('templates are warned of, and kept', async (t) => {
  const { send } = await openApi(t)
  await send(
    'POST',
    namespaces,
    namespace('team', { [`${label}/enforce`]: 'baseline', [`${label}/warn`]: 'baseline' }),
  )
  const { spec } = pod({ hostPID: true })
  const deployment = {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name: 'web' },
    spec: {
      selector: { matchLabels: { a: 'b' } },
      template: { metadata: { labels: { a: 'b' } }, spec },
    },
  }
  const made = await send('POST', '/apis/apps/v1/namespaces/team/deployments', deployment)
  t.equal(made.code, 201)
  const what = 'host namespaces (hostPID=true)'
  t.same(made.warnings, [`would violate PodSecurity "baseline:latest": ${what}`])
})

t.test('the labels of a namespace', async (t) => {
  const { send } = await openApi(t)
  const bad = await send('POST', namespaces, namespace('team', { [`${label}/enforce`]: 'strict' }))
  t.match(bad.body, {
    code: 422,
    message: `Namespace "team" is invalid: metadata.labels[${label}/enforce]: Invalid value: "strict": must be one of privileged, baseline, restricted`,
  })
  for (const name of ['one', 'two', 'three'])
    await send('POST', `${namespaces}/default/pods`, pod({ hostPID: true }, name))
  const enforce = { metadata: { labels: { [`${label}/enforce`]: 'baseline' } } }
  const stricter = await send('PATCH', `${namespaces}/default`, enforce, merge)
  t.equal(stricter.code, 200)
  t.same(stricter.warnings, [
    'existing pods in namespace "default" violate the new PodSecurity enforce level "baseline:latest"',
    'one (and 2 other pods): host namespaces',
  ])
})
