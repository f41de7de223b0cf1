import type { KubeObject } from '../../api/object.ts'
import { textAt } from '../../api/object.ts'
import { coversRule, ruleAllows, rulesOfBinding, rulesOfRole } from '../../api/rbac/rules.ts'
import type { PolicyRule } from '../../api/rbac/rules.ts'
import { forbidden } from '../../api/status-error.ts'
import type { Admission } from '../admission.ts'
import type { RoleAuthorizer } from './authorize-roles.ts'

// Nobody gives what they do not have, unless they may `escalate` roles or `bind` this one.

const group = 'rbac.authorization.k8s.io'

export function makeRoleAdmission(authorizer: RoleAuthorizer): Admission {
  return async ({ operation, kind, object, user }) => {
    if (operation === 'DELETE' || kind.group !== group || user.groups.includes('system:masters'))
      return
    const { name = '', namespace } = object.metadata
    const held = await authorizer.rules(user, namespace)
    const isBinding = kind.kind.endsWith('Binding')
    const role = isBinding ? textAt(object, ['roleRef', 'name']) : name
    const resource = isBinding ? boundResource(object) : kind.plural
    const question = {
      verb: isBinding ? 'bind' : 'escalate',
      resource: { group, resource, name: role },
    }
    if (held.some((rule) => ruleAllows(rule, question))) return
    const wanted = isBinding
      ? rulesOfBinding(await authorizer.objects(), object)
      : rulesOfRole(object)
    const missing = wanted.filter((rule) => !coversRule(held, rule))
    if (missing.length === 0) return
    const groups = user.groups.map((one) => JSON.stringify(one)).join(' ')
    throw forbidden(
      kind,
      name,
      `user ${JSON.stringify(user.name)} (groups=[${groups}]) is attempting to grant RBAC permissions not currently held:\n${missing.map(describeRule).join('\n')}`,
    )
  }
}

function boundResource(binding: KubeObject): string {
  return textAt(binding, ['roleRef', 'kind']) === 'ClusterRole' ? 'clusterroles' : 'roles'
}

function describeRule(rule: PolicyRule): string {
  const lists = [
    ['APIGroups', rule.apiGroups],
    ['Resources', rule.resources],
    ['ResourceNames', rule.resourceNames],
    ['NonResourceURLs', rule.nonResourceURLs],
    ['Verbs', rule.verbs],
  ] as const
  const words = lists
    .filter(([, values]) => values !== undefined && values.length > 0)
    .map(([name, values]) => `${name}:${JSON.stringify(values)}`)
  return `{${words.join(', ')}}`
}
