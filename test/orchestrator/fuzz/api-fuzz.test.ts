import { setTimeout as delay } from 'node:timers/promises'
import t from 'tap'
import type { Test } from 'tap'
import type { Kind } from '../../../orchestrator/api/kind.ts'
import { isObject } from '../../../orchestrator/api/object.ts'
import type { JsonObject } from '../../../orchestrator/api/object.ts'
import { openApi } from '../server/api-under-test.ts'
import type { Answer, ApiUnderTest } from '../server/api-under-test.ts'
import { fuzzRounds, fuzzTimeout } from './fuzz-settings.ts'
import { makeRequest } from './make-request.ts'
import type { FuzzRequest } from './make-request.ts'

// Each request is refused or understood, none breaks the server; what is refused has written nothing; what is taken
// can be read again in every form.

const mostCpuMs = 3_000
/** Not yet what was asked for, and nobody there who could answer: upstream says so with these too. */
const expected = new Set([503, 504])
const table = { accept: 'application/json;as=Table;v=v1;g=meta.k8s.io' }

/** What is wrong with an answer, or nothing. */
function faultOf({ code, body, response }: Answer, written: boolean): string | undefined {
  if (code >= 500 && !expected.has(code)) return 'a failure of the server'
  if (code >= 400 && written) return 'refused and written'
  if (code >= 400 && body['kind'] !== 'Status') return 'no Status'
  if (code === 101 || code < 200) return `an odd code: ${JSON.stringify(response.headers)}`
  return undefined
}

/** Read what was taken, in every form. @returns what is wrong */
async function readBack(
  { send }: ApiUnderTest,
  kind: Kind,
  object: JsonObject,
): Promise<string | undefined> {
  const { name, namespace } = object['metadata'] as { name: string; namespace?: string }
  const base = kind.group === '' ? `/api/${kind.version}` : `/apis/${kind.group}/${kind.version}`
  const path = `${base}${namespace === undefined ? '' : `/namespaces/${namespace}`}/${kind.plural}/${encodeURIComponent(name)}`
  const { code, body } = await send('GET', path)
  // Deleted by what was asked: an update that takes the last finalizer away.
  if (code === 404) return undefined
  if (code !== 200) return `not read: ${code}`
  for (const headers of [
    table,
    { accept: 'application/yaml' },
    { accept: 'application/json;as=PartialObjectMetadata;v=v1;g=meta.k8s.io' },
  ]) {
    const shown = await send('GET', path, undefined, headers)
    if (shown.code !== 200) return `not shown as ${headers.accept}: ${shown.code}`
    if (headers === table && !cellsAreScalars(shown.body))
      return `cells: ${JSON.stringify(shown.body['rows'])}`
  }
  // What was read is what can be written: nothing of it is refused, and nothing changes.
  const again = await send('PUT', `${path}?fieldValidation=Strict`, body)
  const isKept = kind.verbs.includes('update')
  if (isKept && again.code !== 200 && again.code !== 422)
    return `not written again: ${again.code} ${JSON.stringify(again.body)}`
  return undefined
}

function cellsAreScalars({ rows }: Record<string, unknown>): boolean {
  return (rows as { cells: unknown[] }[]).every(({ cells }) =>
    cells.every((cell) => typeof cell === 'string' || Number.isFinite(cell)),
  )
}

function watchAll(t: Test, api: ApiUnderTest, faults: string[]): Promise<unknown> {
  const { registry } = api.server.context
  return Promise.all(
    registry
      .all()
      .filter(({ verbs }) => verbs.includes('watch'))
      .map(async ({ group, version, plural }, index) => {
        const base = group === '' ? `/api/${version}` : `/apis/${group}/${version}`
        const { response } = await api.send(
          'GET',
          `${base}/${plural}?watch=1`,
          undefined,
          index % 2 === 0 ? {} : table,
        )
        if (!('stream' in response)) return
        response.stream({
          write: (chunk) => {
            const event = JSON.parse(chunk.toString()) as Record<string, unknown>
            if (!isObject(event['object']))
              faults.push(`an event of ${plural}: ${chunk.toString().slice(0, 500)}`)
            return true
          },
          end: () => undefined,
          onDrain: () => undefined,
          onClose: (listener) => t.teardown(listener),
        })
      }),
  )
}

function describe({ method, target, body, headers }: FuzzRequest) {
  return { method, target, headers, body: body.toString('latin1').slice(0, 2_000) }
}

t.test('nothing breaks the server', { timeout: fuzzTimeout }, async (t) => {
  const api = await openApi(t)
  const { registry, schemas } = api.server.context
  const known = new Map<Kind, JsonObject>()
  const codes = new Map<number, number>()
  const faults: string[] = []
  await watchAll(t, api, faults)
  for (const { seed, random } of fuzzRounds(3_000)) {
    const request = makeRequest(random, schemas, registry.all(), (kind) => known.get(kind))
    const { method, target, body, headers } = request
    const before = await api.store.currentRevision()
    const start = process.cpuUsage()
    const answer = await api.send(method, target, body, headers).catch((error: unknown) => {
      throw new Error(`seed ${seed}: ${JSON.stringify(describe(request))}`, { cause: error })
    })
    const spent = process.cpuUsage(start)
    if ('stream' in answer.response)
      answer.response.stream({
        write: () => true,
        end: () => undefined,
        onDrain: () => undefined,
        onClose: (listener) => listener(),
      })
    codes.set(answer.code, (codes.get(answer.code) ?? 0) + 1)
    const written = (await api.store.currentRevision()) !== before
    const fault =
      faultOf(answer, written) ??
      (spent.user > mostCpuMs * 1000 ? `slow: ${spent.user / 1000}` : undefined)
    if (fault) t.fail(`seed ${seed}: ${fault}`, { request: describe(request), answer: answer.body })
    const object = answer.body
    const kind = registry.byKind(String(object['apiVersion']), String(object['kind']))
    // The objects of a definition that is gone go after the answer.
    if (written && target.includes('customresourcedefinitions')) await delay(20)
    if (answer.code >= 300 || !written || !kind || !isObject(object['metadata'])) continue
    known.set(kind, object as JsonObject)
    const wrong = await readBack(api, kind, object as JsonObject)
    if (wrong) t.fail(`seed ${seed}: ${wrong}`, { request: describe(request), object })
  }
  t.strictSame(faults, [])
  t.ok((codes.get(201) ?? 0) > 50 && (codes.get(200) ?? 0) > 50, 'some requests are right')
  const counts = [...codes]
    .toSorted(([a], [b]) => a - b)
    .map(([code, count]) => `${code}: ${count}`)
  t.comment(counts.join(', '))
})
