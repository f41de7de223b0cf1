import type { Kind } from '../api/kind.ts'
import { isObject, textAt, valueAt } from '../api/object.ts'
import type { JsonObject, KubeObject } from '../api/object.ts'
import { badRequest, serviceUnavailable } from '../api/status-error.ts'
import type { ApiContext } from './api-context.ts'
import type { AccessAttributes } from './authorize.ts'
import { readBody, respondObject } from './handle-write.ts'
import type { ApiRequest, ApiResponse, User } from './http-message.ts'
import { decodeObject } from './read-body.ts'
import type { ResourceRequest } from './request-info.ts'

// Kinds that are questions: they are answered and not kept.

type Answer = (context: ApiContext, review: KubeObject, request: ApiRequest) => Promise<JsonObject>

function attributesOf(user: User, spec: unknown): AccessAttributes {
  const resource = valueAt(spec, ['resourceAttributes'])
  if (isObject(resource)) {
    const text = (field: string) => textAt(resource, [field])
    const optional = (field: string) => (text(field) ? { [field]: text(field)! } : {})
    return {
      user,
      verb: text('verb') ?? '',
      resource: {
        group: text('group') ?? '',
        version: text('version') ?? '',
        resource: text('resource') ?? '',
        ...optional('namespace'),
        ...optional('name'),
        ...optional('subresource'),
      },
    }
  }
  const path = valueAt(spec, ['nonResourceAttributes'])
  if (!isObject(path))
    throw badRequest('exactly one of nonResourceAttributes or resourceAttributes must be specified')
  return { user, verb: textAt(path, ['verb']) ?? '', path: textAt(path, ['path']) ?? '' }
}

const decide = async (context: ApiContext, attributes: AccessAttributes): Promise<JsonObject> => {
  const { allowed, reason } = await context.authorize(attributes)
  return reason === undefined ? { allowed } : { allowed, reason }
}

const reviewToken: Answer = async ({ tokens }, review) => {
  const wanted = valueAt(review, ['spec', 'audiences'])
  const audiences = Array.isArray(wanted) ? wanted.filter((entry) => typeof entry === 'string') : []
  const found = await tokens?.review(textAt(review, ['spec', 'token']) ?? '', audiences)
  if (!found) return { authenticated: false, user: {}, error: 'the token is not valid' }
  const { name, uid, groups, extra } = found.user
  const user = {
    username: name,
    uid,
    groups: [...groups, 'system:authenticated'],
    extra,
  } as unknown as JsonObject
  return { authenticated: true, user, audiences: [...found.audiences] }
}

const answers: Readonly<Record<string, Answer>> = {
  TokenReview: reviewToken,
  SelfSubjectAccessReview: (context, review, request) =>
    decide(context, attributesOf(request.user, review.spec)),
  SubjectAccessReview: (context, review) =>
    decide(context, attributesOf(subjectOf(review), review.spec)),
  LocalSubjectAccessReview: (context, review) =>
    decide(context, attributesOf(subjectOf(review), review.spec)),
  SelfSubjectRulesReview: async ({ rules }, review, { user }) => {
    const held = await rules(user, textAt(review, ['spec', 'namespace']))
    const all = held.map((rule) => structuredClone(rule) as unknown as JsonObject)
    const isPath = ({ nonResourceURLs }: JsonObject) =>
      Array.isArray(nonResourceURLs) && nonResourceURLs.length > 0
    return {
      resourceRules: all.filter((rule) => !isPath(rule)),
      nonResourceRules: all
        .filter(isPath)
        .map(({ verbs, nonResourceURLs }) => ({ verbs, nonResourceURLs })),
      incomplete: false,
    }
  },
  SelfSubjectReview: async (_context, _review, { user }) => ({
    userInfo: {
      username: user.name,
      ...(user.uid === undefined ? {} : { uid: user.uid }),
      groups: [...user.groups],
      ...(user.extra ? { extra: user.extra as unknown as JsonObject } : {}),
    },
  }),
}

function subjectOf(review: KubeObject): User {
  const groups = valueAt(review, ['spec', 'groups'])
  return {
    name: textAt(review, ['spec', 'user']) ?? '',
    groups: Array.isArray(groups) ? groups.filter((group) => typeof group === 'string') : [],
  }
}

export function isReview(kind: Kind): boolean {
  return kind.verbs.length === 1 && kind.verbs[0] === 'create'
}

export async function handleReview(
  context: ApiContext,
  kind: Kind,
  _target: ResourceRequest,
  request: ApiRequest,
): Promise<ApiResponse> {
  const answer = answers[kind.kind]
  if (!answer) throw serviceUnavailable(`nothing answers a ${kind.kind} yet`)
  const review = decodeObject(context.schemas, kind, await readBody(context, request), request)
  const status = await answer(context, review, request)
  return respondObject(kind, { ...review, status }, request, 201)
}
