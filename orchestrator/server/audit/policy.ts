import { OperationError } from '../../../native/error.ts'
import { isObject } from '../../api/object.ts'
import type { JsonObject } from '../../api/object.ts'
import type { User } from '../http-message.ts'
import type { ResourceRequest } from '../request-info.ts'

// Which requests are put on record, and how much of them. https://kubernetes.io/docs/reference/config-api/apiserver-audit.v1/#audit-k8s-io-v1-Policy

const levels = ['None', 'Metadata', 'Request', 'RequestResponse'] as const
const stages = ['RequestReceived', 'ResponseStarted', 'ResponseComplete', 'Panic'] as const

export type AuditLevel = (typeof levels)[number]
export type AuditStage = (typeof stages)[number]

interface GroupResources {
  readonly group: string
  readonly resources: readonly string[]
  readonly resourceNames: readonly string[]
}

interface AuditRule {
  readonly level: AuditLevel
  readonly users: readonly string[]
  readonly userGroups: readonly string[]
  readonly verbs: readonly string[]
  readonly resources: readonly GroupResources[]
  readonly namespaces: readonly string[]
  readonly nonResourceURLs: readonly string[]
  readonly omitStages: readonly AuditStage[]
  readonly omitManagedFields: boolean
}

export interface AuditPolicy {
  /** The first that matches decides. */
  readonly rules: readonly AuditRule[]
}

/** What a policy looks at. */
export interface AuditedRequest {
  readonly user: User
  readonly verb: string
  readonly path: string
  /** Absent: the path is about no resource. */
  readonly resource?: ResourceRequest | undefined
}

export type AuditDecision = Pick<AuditRule, 'level' | 'omitStages' | 'omitManagedFields'>

/** Who did what to what, of every request, once it is answered: where nobody gives a policy. */
export const usualPolicy = {
  apiVersion: 'audit.k8s.io/v1',
  kind: 'Policy',
  omitStages: ['RequestReceived'],
  rules: [{ level: 'Metadata' }],
}

const nothing: AuditDecision = { level: 'None', omitStages: [], omitManagedFields: false }

/** @throws OperationError INVALID_ARGUMENT with the place of the first fault */
export function readPolicy(value: unknown): AuditPolicy {
  if (!isObject(value) || value['kind'] !== 'Policy' || value['apiVersion'] !== 'audit.k8s.io/v1')
    throw fault('kind', 'must be a Policy of audit.k8s.io/v1')
  requireKnown(value, [
    'apiVersion',
    'kind',
    'metadata',
    'rules',
    'omitStages',
    'omitManagedFields',
  ])
  const omitStages = stagesOf(value, 'omitStages')
  const omitManagedFields = value['omitManagedFields'] === true
  const rules = value['rules']
  if (!Array.isArray(rules) || rules.length === 0)
    throw fault('rules', 'a policy has at least one rule')
  return {
    rules: rules.map((rule, index) =>
      readRule(rule, `rules[${index}]`, omitStages, omitManagedFields),
    ),
  }
}

const ruleFields = [
  'level',
  'users',
  'userGroups',
  'verbs',
  'resources',
  'namespaces',
  'nonResourceURLs',
  'omitStages',
  'omitManagedFields',
]

function readRule(
  value: unknown,
  at: string,
  omitted: readonly AuditStage[],
  omitManagedFields: boolean,
): AuditRule {
  if (!isObject(value)) throw fault(at, 'must be an object')
  requireKnown(value, ruleFields, `${at}.`)
  const level = levels.find((one) => one === value['level'])
  if (!level) throw fault(`${at}.level`, `must be one of ${levels.join(', ')}`)
  const resources = listOf(value, 'resources', at).map((entry, index) =>
    readResources(entry, `${at}.resources[${index}]`),
  )
  const namespaces = textsOf(value, 'namespaces', at)
  const nonResourceURLs = textsOf(value, 'nonResourceURLs', at)
  if (nonResourceURLs.length > 0 && (resources.length > 0 || namespaces.length > 0))
    throw fault(`${at}.nonResourceURLs`, 'rules cannot apply to both regular resources and URLs')
  for (const [index, url] of nonResourceURLs.entries())
    if (url !== '*' && (!url.startsWith('/') || url.slice(0, -1).includes('*')))
      throw fault(
        `${at}.nonResourceURLs[${index}]`,
        "must begin with '/', and '*' may only stand at its end",
      )
  return {
    level,
    users: textsOf(value, 'users', at),
    userGroups: textsOf(value, 'userGroups', at),
    verbs: textsOf(value, 'verbs', at),
    resources,
    namespaces,
    nonResourceURLs,
    omitStages: [...omitted, ...stagesOf(value, 'omitStages', `${at}.`)],
    omitManagedFields:
      typeof value['omitManagedFields'] === 'boolean'
        ? value['omitManagedFields']
        : omitManagedFields,
  }
}

function readResources(value: unknown, at: string): GroupResources {
  if (!isObject(value)) throw fault(at, 'must be an object')
  requireKnown(value, ['group', 'resources', 'resourceNames'], `${at}.`)
  const resources = textsOf(value, 'resources', at)
  const resourceNames = textsOf(value, 'resourceNames', at)
  if (resourceNames.length > 0 && resources.length === 0)
    throw fault(`${at}.resourceNames`, 'using resourceNames requires at least one resource')
  const group = value['group'] ?? ''
  if (typeof group !== 'string') throw fault(`${at}.group`, 'must be a text')
  return { group, resources, resourceNames }
}

function requireKnown(value: JsonObject, known: readonly string[], at = ''): void {
  const unknown = Object.keys(value).find((field) => !known.includes(field))
  if (unknown !== undefined) throw fault(`${at}${unknown}`, 'unknown field')
}

function listOf(value: JsonObject, field: string, at: string): readonly unknown[] {
  const list = value[field] ?? []
  if (!Array.isArray(list)) throw fault(`${at}.${field}`, 'must be a list')
  return list
}

function textsOf(value: JsonObject, field: string, at: string): string[] {
  const list = listOf(value, field, at)
  if (!list.every((item) => typeof item === 'string'))
    throw fault(`${at}.${field}`, 'must be a list of texts')
  return [...list]
}

function stagesOf(value: JsonObject, field: string, at = ''): AuditStage[] {
  return textsOf(value, field, at).map((text) => {
    const stage = stages.find((one) => one === text)
    if (!stage) throw fault(`${at}${field}`, `must be some of ${stages.join(', ')}`)
    return stage
  })
}

function fault(field: string, why: string): OperationError {
  return new OperationError('INVALID_ARGUMENT', 'read the audit policy', { field, why })
}

/** What the first rule that matches says. Nothing where none does. */
export function decideAudit({ rules }: AuditPolicy, request: AuditedRequest): AuditDecision {
  return rules.find((rule) => matches(rule, request)) ?? nothing
}

function matches(rule: AuditRule, request: AuditedRequest): boolean {
  const { users, userGroups, verbs, resources, namespaces, nonResourceURLs } = rule
  const { user, verb, path, resource } = request
  if (users.length > 0 && !users.includes(user.name)) return false
  if (userGroups.length > 0 && !userGroups.some((group) => user.groups.includes(group)))
    return false
  if (verbs.length > 0 && !verbs.includes(verb)) return false
  if (resources.length > 0 || namespaces.length > 0) {
    if (!resource) return false
    // What is in no namespace is in the one of no name.
    if (namespaces.length > 0 && !namespaces.includes(resource.namespace ?? '')) return false
    return resources.length === 0 || resources.some((entry) => includes(entry, resource))
  }
  if (nonResourceURLs.length === 0) return true
  return !resource && nonResourceURLs.some((pattern) => matchesPath(pattern, path))
}

function includes({ group, resources, resourceNames }: GroupResources, asked: ResourceRequest) {
  if (group !== asked.group) return false
  if (resources.length === 0) return true
  if (resourceNames.length > 0 && !resourceNames.includes(asked.name ?? '')) return false
  const { resource, subresource } = asked
  const whole = subresource === undefined ? resource : `${resource}/${subresource}`
  return resources.some(
    (pattern) =>
      pattern === '*' ||
      pattern === whole ||
      (subresource !== undefined && pattern === `*/${subresource}`) ||
      pattern === `${resource}/*`,
  )
}

function matchesPath(pattern: string, path: string): boolean {
  return pattern.endsWith('*') ? path.startsWith(pattern.slice(0, -1)) : pattern === path
}
