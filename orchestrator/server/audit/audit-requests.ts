import { randomUUID } from 'node:crypto'
import { StatusError } from '../../api/status-error.ts'
import type { ApiRequest, ApiResponse, Sink } from '../http-message.ts'
import { parseResourcePath } from '../request-info.ts'
import { preciseNow } from '../write-span.ts'
import { makeAuditEvent, withoutManagedFields } from './audit-event.ts'
import type { AuditFacts, AuditOutcome } from './audit-event.ts'
import { decideAudit } from './policy.ts'
import type { AuditDecision, AuditPolicy, AuditStage } from './policy.ts'

export interface Audit {
  readonly policy: AuditPolicy
  readonly write: (event: object) => void
}

export type HandleRequest = (request: ApiRequest) => Promise<ApiResponse>

/** The body of a request as JSON, whatever form it came in. */
type ReadObject = (request: ApiRequest) => Promise<unknown>

const longestId = 64

/** Put every request that the policy names on record, before and after it is answered. */
export function auditRequests(
  { policy, write }: Audit,
  readObject: ReadObject,
  handle: HandleRequest,
): HandleRequest {
  return async (original) => {
    const notes = original.notes ?? { annotations: {} }
    const request = { ...original, body: () => original.body(), notes }
    const { method, path, query, user, headers } = request
    const resource = parseResourcePath(method, path, query)
    const verb = resource?.verb ?? method.toLowerCase()
    const decision = decideAudit(policy, { user, verb, path, resource })
    const auditID = headers['audit-id']?.slice(0, longestId) || randomUUID()
    const { level } = decision
    if (level === 'None') return withId(await handle(request), auditID)
    const facts: AuditFacts = { auditID, level, verb, request, resource, receivedAt: preciseNow() }
    const record = (stage: AuditStage, outcome?: AuditOutcome) => {
      if (decision.omitStages.includes(stage)) return
      write(makeAuditEvent(facts, stage, preciseNow(), outcome))
    }
    record('RequestReceived')
    const response = await handle(request)
    const outcome = await outcomeOf(request, response, decision, readObject)
    return withId(recordEnd(response, outcome, record), auditID)
  }
}

/** What is answered at once is complete; what goes on for long is so when the client has gone. */
function recordEnd(
  response: ApiResponse,
  outcome: AuditOutcome,
  record: (stage: AuditStage, outcome: AuditOutcome) => void,
): ApiResponse {
  if ('body' in response) {
    record('ResponseComplete', outcome)
    return response
  }
  record('ResponseStarted', outcome)
  const end = once(() => record('ResponseComplete', outcome))
  if ('takeOver' in response)
    return {
      ...response,
      takeOver: (connection) => {
        connection.socket.once('close', end)
        response.takeOver(connection)
      },
    }
  return {
    ...response,
    stream: (sink) => {
      sink.onClose(end)
      const own: Sink = {
        write: (chunk) => sink.write(chunk),
        end: () => {
          end()
          sink.end()
        },
        onDrain: (listener) => sink.onDrain(listener),
        onClose: (listener) => sink.onClose(listener),
      }
      response.stream(own)
    },
  }
}

function once(action: () => void): () => void {
  let done = false
  return () => {
    if (done) return
    done = true
    action()
  }
}

function withId(response: ApiResponse, auditID: string): ApiResponse {
  return { ...response, headers: { ...response.headers, 'audit-id': auditID } }
}

const withBody = new Set(['POST', 'PUT', 'PATCH', 'DELETE'])

async function outcomeOf(
  request: ApiRequest,
  response: ApiResponse,
  { level, omitManagedFields }: AuditDecision,
  readObject: ReadObject,
): Promise<AuditOutcome> {
  const keep = (value: unknown) => (omitManagedFields ? withoutManagedFields(value) : value)
  // What goes on as another protocol has no body that ends.
  const reads = level !== 'Metadata' && withBody.has(request.method) && 'body' in response
  const requestObject = reads ? keep(await readOrNothing(readObject, request)) : undefined
  const failed = response.code >= 400
  const responseObject = failed || level === 'RequestResponse' ? keep(bodyOf(response)) : undefined
  return { code: response.code, requestObject, responseObject }
}

async function readOrNothing(read: ReadObject, request: ApiRequest): Promise<unknown> {
  try {
    return (await request.body()).length === 0 ? undefined : await read(request)
  } catch (error) {
    // The client was told already what is wrong with it.
    if (error instanceof StatusError) return undefined
    throw error
  }
}

function bodyOf(response: ApiResponse): unknown {
  if (!('body' in response) || response.headers['content-type'] !== 'application/json')
    return undefined
  try {
    return JSON.parse(response.body.toString()) as unknown
  } catch {
    return undefined
  }
}
