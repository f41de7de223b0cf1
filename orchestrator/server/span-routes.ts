import { isObject, numberAt, textAt } from '../api/object.ts'
import { badRequest, methodNotAllowed, success } from '../api/status-error.ts'
import type { RecordSpan, Span } from '../trace/span.ts'
import type { SpanRing } from '../trace/span-ring.ts'
import type { PathHandler } from './path-routes.ts'
import { parseJson } from './read-body.ts'
import { respond, respondStatus } from './render.ts'

const mostSpans = 1_000

/**
 * `/myorch/v1/spans`: agents POST lists of spans, `myorch trace` GETs those of some objects (`?uid=…&uid=…`) or of a
 * time (`?since=MILLISECONDS`).
 */
export function makeSpanRoute(ring: SpanRing): PathHandler {
  return async (request) => {
    const { method, query } = request
    if (method === 'POST') {
      const spans = parseJson(await request.body())
      if (!Array.isArray(spans) || spans.length > mostSpans)
        throw badRequest(`the body must be a list of at most ${mostSpans} spans`)
      for (const span of spans) recordChecked(ring.record, span)
      return respondStatus(success(200))
    }
    if (method !== 'GET') throw methodNotAllowed()
    const since = query.get('since')
    const uids = query.getAll('uid')
    const spans = ring.select({
      ...(since === null ? {} : { since: Number(since) }),
      ...(uids.length === 0 ? {} : { uids: new Set(uids) }),
    })
    return respond(200, { spans })
  }
}

function recordChecked(record: RecordSpan, value: unknown): void {
  const object = isObject(value) ? value['object'] : undefined
  const isSpan =
    textAt(value, ['part']) !== undefined &&
    textAt(value, ['action']) !== undefined &&
    numberAt(value, ['startedAt']) !== undefined &&
    numberAt(value, ['milliseconds']) !== undefined &&
    textAt(object, ['kind']) !== undefined &&
    textAt(object, ['name']) !== undefined
  if (!isSpan) throw badRequest('a span needs part, action, startedAt, milliseconds and object')
  record(value as Span)
}
