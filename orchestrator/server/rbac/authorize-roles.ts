import type { Kind } from '../../api/kind.ts'
import type { KubeObject } from '../../api/object.ts'
import { ruleAllows, rulesFor } from '../../api/rbac/rules.ts'
import type { PolicyRule, RoleObjects, RuleQuestion, Subject } from '../../api/rbac/rules.ts'
import type { Store } from '../../store/store.ts'
import type { AccessAttributes, Authorize } from '../authorize.ts'
import type { KindRegistry } from '../kind-registry.ts'
import { keyPrefix, readObject } from '../object-storage.ts'

const group = 'rbac.authorization.k8s.io'
/** Who may do everything, also when all roles are lost. */
const masters = 'system:masters'
/** Subjects whose rules are remembered at the same time. */
const mostRemembered = 1000

export interface RoleAuthorizer {
  readonly authorize: Authorize
  /** What somebody may do there. */
  readonly rules: (
    subject: Subject,
    namespace: string | undefined,
  ) => Promise<readonly PolicyRule[]>
  /** Roles and bindings as they are now. */
  objects(): Promise<RoleObjects>
  stop(): void
}

/** Decide by the roles in the store; a change counts from the next request on. */
export async function makeRoleAuthorizer(
  store: Store,
  registry: KindRegistry,
): Promise<RoleAuthorizer> {
  const kindOf = (name: string): Kind => registry.byKind(`${group}/v1`, name)!
  let known: Promise<RoleObjects> | undefined
  const forget = () => void (known = undefined)
  const watch = await store.watch(`/registry/${group}/`, await store.currentRevision(), {
    onEvents: forget,
  })

  async function read(name: string): Promise<KubeObject[]> {
    const kind = kindOf(name)
    const { entries } = await store.list(keyPrefix(kind))
    return entries.map(({ value, revision }) => readObject(kind, value, revision))
  }

  async function load(): Promise<RoleObjects> {
    const [clusterRoles, clusterRoleBindings, roles, roleBindings] = await Promise.all(
      ['ClusterRole', 'ClusterRoleBinding', 'Role', 'RoleBinding'].map(read),
    )
    return {
      clusterRoles: clusterRoles!,
      clusterRoleBindings: clusterRoleBindings!,
      roles: roles!,
      roleBindings: roleBindings!,
    }
  }

  const objects = () =>
    (known ??= load().catch((error: unknown) => {
      forget()
      throw error
    }))
  const remembered = rememberRules()
  const rules = async (subject: Subject, namespace: string | undefined) =>
    remembered(await objects(), subject, namespace)
  return {
    rules,
    objects,
    authorize: async (attributes) => {
      if (attributes.user.groups.includes(masters)) return { allowed: true }
      const held = await rules(attributes.user, attributes.resource?.namespace)
      const question = questionOf(attributes)
      return { allowed: held.some((rule) => ruleAllows(rule, question)) }
    },
    stop: () => watch.stop(),
  }
}

/** Whoever asks asks again, and roles change seldom: what somebody may do is known until they do. */
function rememberRules(): typeof rulesFor {
  let of: RoleObjects | undefined
  let known = new Map<string, PolicyRule[]>()
  return (objects, subject, namespace) => {
    if (of !== objects || known.size >= mostRemembered) known = new Map()
    of = objects
    const key = JSON.stringify([subject.name, subject.groups, namespace])
    let rules = known.get(key)
    if (!rules) known.set(key, (rules = rulesFor(objects, subject, namespace)))
    return rules
  }
}

function questionOf({ verb, resource, path }: AccessAttributes): RuleQuestion {
  if (!resource) return { verb, path }
  const { group: apiGroup, subresource, name } = resource
  const full = subresource === undefined ? resource.resource : `${resource.resource}/${subresource}`
  return { verb, resource: { group: apiGroup, resource: full, name } }
}
