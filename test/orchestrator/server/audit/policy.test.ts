import t from 'tap'
import {
  decideAudit,
  readPolicy,
  usualPolicy,
} from '../../../../orchestrator/server/audit/policy.ts'
import type { AuditLevel } from '../../../../orchestrator/server/audit/policy.ts'
import { parseResourcePath } from '../../../../orchestrator/server/request-info.ts'

const head = { apiVersion: 'audit.k8s.io/v1', kind: 'Policy' }
const pods = '/api/v1/namespaces/default/pods'

function levelOf(rule: object, method: string, target: string, groups: string[] = []): AuditLevel {
  const policy = readPolicy({ ...head, rules: [{ level: 'Request', ...rule }] })
  const [path = '', query] = target.split('?')
  const resource = parseResourcePath(method, path, new URLSearchParams(query))
  const verb = resource?.verb ?? method.toLowerCase()
  return decideAudit(policy, { user: { name: 'ann', groups }, verb, path, resource }).level
}

t.test('what a rule matches', async (t) => {
  const core = (resources: string[], more = {}) => ({ resources: [{ resources, ...more }] })
  const rows: [string, object, string, string, boolean][] = [
    ['a rule of nothing', {}, 'GET', pods, true],
    ['a rule of nothing, and a path', {}, 'GET', '/version', true],
    ['its user', { users: ['ann'] }, 'GET', pods, true],
    ['another user', { users: ['bob'] }, 'GET', pods, false],
    ['one of the groups', { userGroups: ['x', 'team'] }, 'GET', pods, true],
    ['none of the groups', { userGroups: ['x'] }, 'GET', pods, false],
    ['its verb', { verbs: ['list'] }, 'GET', pods, true],
    ['another verb', { verbs: ['watch'] }, 'GET', pods, false],
    ['a watch', { verbs: ['watch'] }, 'GET', `${pods}?watch=true`, true],
    ['its resource', core(['pods']), 'GET', `${pods}/web`, true],
    ['a subresource is another', core(['pods']), 'GET', `${pods}/web/log`, false],
    ['the subresource', core(['pods/log']), 'GET', `${pods}/web/log`, true],
    ['any subresource', core(['pods/*']), 'GET', `${pods}/web/log`, true],
    ['with the resource itself not among them', core(['pods/*']), 'GET', pods, true],
    ['a subresource of whatever', core(['*/log']), 'GET', `${pods}/web/log`, true],
    ['anything of the group', core(['*']), 'GET', `${pods}/web/log`, true],
    ['all of the group', { resources: [{ group: '' }] }, 'GET', pods, true],
    ['another group', { resources: [{ group: 'apps' }] }, 'GET', pods, false],
    ['its name', core(['pods'], { resourceNames: ['web'] }), 'GET', `${pods}/web`, true],
    ['another name', core(['pods'], { resourceNames: ['web'] }), 'GET', `${pods}/db`, false],
    ['its namespace', { namespaces: ['default'] }, 'GET', pods, true],
    ['another namespace', { namespaces: ['kube-system'] }, 'GET', pods, false],
    ['the namespace of what has none', { namespaces: [''] }, 'GET', '/api/v1/nodes', true],
    ['resources, and a path', core(['*']), 'GET', '/version', false],
    ['its path', { nonResourceURLs: ['/version'] }, 'GET', '/version', true],
    ['the beginning of a path', { nonResourceURLs: ['/healthz*'] }, 'GET', '/healthz/x', true],
    ['another path', { nonResourceURLs: ['/healthz*'] }, 'GET', '/livez', false],
    ['paths, and a resource', { nonResourceURLs: ['*'] }, 'GET', pods, false],
  ]
  for (const [name, rule, method, target, matches] of rows)
    t.equal(levelOf(rule, method, target, ['team']), matches ? 'Request' : 'None', name)
})

t.test('the first rule decides', async (t) => {
  const policy = readPolicy({
    ...head,
    omitStages: ['RequestReceived'],
    rules: [
      { level: 'None', users: ['system:kube-proxy'] },
      { level: 'RequestResponse', verbs: ['create'], omitStages: ['Panic'] },
      { level: 'Metadata', omitManagedFields: true },
    ],
  })
  const decide = (name: string, verb: string) =>
    decideAudit(policy, { user: { name, groups: [] }, verb, path: '/x' })
  t.match(decide('system:kube-proxy', 'create'), { level: 'None' })
  t.match(decide('ann', 'create'), {
    level: 'RequestResponse',
    omitStages: ['RequestReceived', 'Panic'],
    omitManagedFields: false,
  })
  t.match(decide('ann', 'get'), { level: 'Metadata', omitManagedFields: true })
})

t.test('what is no policy', async (t) => {
  t.doesNotThrow(() => readPolicy(usualPolicy))
  const rows: [string, unknown, string][] = [
    ['nothing', null, 'kind'],
    ['another version', { ...head, apiVersion: 'audit.k8s.io/v1beta1', rules: [] }, 'kind'],
    ['no rules', { ...head }, 'rules'],
    ['no level', { ...head, rules: [{}] }, 'rules[0].level'],
    [
      'a stage that is none',
      { ...head, rules: [{ level: 'None', omitStages: ['x'] }] },
      'rules[0].omitStages',
    ],
    ['a field that is none', { ...head, rules: [{ level: 'None', user: [] }] }, 'rules[0].user'],
    [
      'both resources and paths',
      { ...head, rules: [{ level: 'None', namespaces: ['a'], nonResourceURLs: ['/x'] }] },
      'rules[0].nonResourceURLs',
    ],
    [
      'a path with a star within',
      { ...head, rules: [{ level: 'None', nonResourceURLs: ['/x*y'] }] },
      'rules[0].nonResourceURLs[0]',
    ],
    [
      'names without resources',
      { ...head, rules: [{ level: 'None', resources: [{ resourceNames: ['a'] }] }] },
      'rules[0].resources[0].resourceNames',
    ],
  ]
  for (const [name, value, field] of rows)
    t.throws(() => readPolicy(value), { code: 'INVALID_ARGUMENT', detail: { field } }, name)
})
