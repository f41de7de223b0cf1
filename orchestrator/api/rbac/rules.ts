import { isObject, listAt, textAt } from '../object.ts'
import type { JsonObject, KubeObject } from '../object.ts'
import { matchesRequirement } from '../selectors.ts'
import type { LabelRequirement } from '../selectors.ts'

// Role based access control, as a function of the stored roles and bindings.
// https://kubernetes.io/docs/reference/access-authn-authz/rbac/

export interface PolicyRule {
  readonly verbs: readonly string[]
  readonly apiGroups?: readonly string[]
  readonly resources?: readonly string[]
  readonly resourceNames?: readonly string[]
  readonly nonResourceURLs?: readonly string[]
}

export interface RoleObjects {
  readonly clusterRoles: readonly KubeObject[]
  readonly clusterRoleBindings: readonly KubeObject[]
  readonly roles: readonly KubeObject[]
  readonly roleBindings: readonly KubeObject[]
}

export interface Subject {
  readonly name: string
  readonly groups: readonly string[]
}

/** What is asked: a verb on a resource, or on a path. */
export interface RuleQuestion {
  readonly verb: string
  readonly resource?: {
    readonly group: string
    /** With its subresource: `pods/log`. */
    readonly resource: string
    readonly name?: string | undefined
  }
  readonly path?: string | undefined
}

const strings = (value: unknown): readonly string[] =>
  Array.isArray(value) ? value.filter((entry) => typeof entry === 'string') : []

function readRule(rule: JsonObject): PolicyRule {
  return {
    verbs: strings(rule['verbs']),
    apiGroups: strings(rule['apiGroups']),
    resources: strings(rule['resources']),
    resourceNames: strings(rule['resourceNames']),
    nonResourceURLs: strings(rule['nonResourceURLs']),
  }
}

const includes = (list: readonly string[] | undefined, value: string): boolean =>
  list !== undefined && (list.includes('*') || list.includes(value))

/** Whether one rule allows it. */
export function ruleAllows(rule: PolicyRule, { verb, resource, path }: RuleQuestion): boolean {
  if (!includes(rule.verbs, verb)) return false
  if (resource) {
    const part = resource.resource.split('/')[1]
    const isNamed =
      (rule.resourceNames ?? []).length === 0 || rule.resourceNames?.includes(resource.name ?? '')
    return (
      includes(rule.apiGroups, resource.group) &&
      (includes(rule.resources, resource.resource) ||
        (part !== undefined && rule.resources?.includes(`*/${part}`) === true)) &&
      isNamed === true
    )
  }
  return (rule.nonResourceURLs ?? []).some((pattern) =>
    pattern.endsWith('*') ? (path ?? '').startsWith(pattern.slice(0, -1)) : pattern === path,
  )
}

function isSubject(binding: KubeObject, { name, groups }: Subject): boolean {
  return listAt(binding, ['subjects']).some((subject) => {
    const wanted = textAt(subject, ['name']) ?? ''
    if (subject['kind'] === 'User') return wanted === name
    if (subject['kind'] === 'Group') return groups.includes(wanted)
    const namespace = textAt(subject, ['namespace']) ?? binding.metadata.namespace ?? ''
    return name === `system:serviceaccount:${namespace}:${wanted}`
  })
}

/** Rules of a cluster role: its own, or those of the roles that it gathers. */
function rulesOfClusterRole(roles: readonly KubeObject[], role: KubeObject): PolicyRule[] {
  const selectors = listAt(role, ['aggregationRule', 'clusterRoleSelectors'])
  const own = listAt(role, ['rules']).map(readRule)
  if (selectors.length === 0) return own
  const gathered = roles.filter(
    (other) => other !== role && selectors.some((one) => selects(one, other)),
  )
  return [...own, ...gathered.flatMap((other) => listAt(other, ['rules']).map(readRule))]
}

function selects(selector: JsonObject, { metadata }: KubeObject): boolean {
  const labels = isObject(selector['matchLabels']) ? selector['matchLabels'] : {}
  const expressions = listAt(selector, ['matchExpressions']).map(
    ({ key, operator, values }) => ({ key, operator, values: strings(values) }) as LabelRequirement,
  )
  return (
    Object.entries(labels).every(([key, value]) => metadata.labels?.[key] === value) &&
    expressions.every((requirement) => matchesRequirement(metadata.labels, requirement))
  )
}

/** Every rule that a subject has in a namespace (undefined: in the whole cluster). */
export function rulesFor(
  objects: RoleObjects,
  subject: Subject,
  namespace: string | undefined,
): PolicyRule[] {
  const everywhere = objects.clusterRoleBindings.filter((binding) => isSubject(binding, subject))
  const here =
    namespace === undefined
      ? []
      : objects.roleBindings.filter(
          (binding) => binding.metadata.namespace === namespace && isSubject(binding, subject),
        )
  return [...everywhere, ...here].flatMap((binding) => rulesOfBinding(objects, binding))
}

/** The rules that a binding grants; a role that is not there grants none. */
export function rulesOfBinding(objects: RoleObjects, binding: KubeObject): PolicyRule[] {
  const name = textAt(binding, ['roleRef', 'name'])
  if (textAt(binding, ['roleRef', 'kind']) === 'ClusterRole') {
    const role = objects.clusterRoles.find(({ metadata }) => metadata.name === name)
    return role ? rulesOfClusterRole(objects.clusterRoles, role) : []
  }
  const { namespace } = binding.metadata
  const role = objects.roles.find(
    ({ metadata }) => metadata.name === name && metadata.namespace === namespace,
  )
  return role ? listAt(role, ['rules']).map(readRule) : []
}

/** Rules of a role as it is written, to ask whether its writer has them. */
export function rulesOfRole(role: KubeObject): PolicyRule[] {
  return listAt(role, ['rules']).map(readRule)
}

/** Whether `held` allows everything that `wanted` does. */
export function coversRule(held: readonly PolicyRule[], wanted: PolicyRule): boolean {
  const names = wanted.resourceNames?.length ? wanted.resourceNames : [undefined]
  const ofResources = wanted.verbs.flatMap((verb) =>
    (wanted.apiGroups ?? []).flatMap((group) =>
      (wanted.resources ?? []).flatMap((resource) =>
        names.map((name) => ({ verb, resource: { group, resource, name } })),
      ),
    ),
  )
  const ofPaths = wanted.verbs.flatMap((verb) =>
    (wanted.nonResourceURLs ?? []).map((path) => ({ verb, path })),
  )
  return [...ofResources, ...ofPaths].every((question) =>
    held.some((rule) => ruleAllows(rule, question)),
  )
}
