import { OperationError } from '../../native/error.ts'
import { pruneBuildCache } from '../container/prune-images.ts'
import { type Answer, type ApiCall, type Route, ok } from './api-call.ts'
import { requestAuthFile } from './auth-file.ts'
import { familiarName } from './familiar-name.ts'
import { isTrue } from './filters.ts'
import { mapField, objectOf } from './json-fields.ts'
import { messageStream, textLines } from './message-stream.ts'
import { collectText, commandError, startCommand } from './own-command.ts'
import { each, pairs, toggle, word } from './words.ts'

export const buildRoutes: readonly Route[] = [
  ['POST', '/build', build],
  ['POST', '/build/prune', prune],
  ['POST', '/session', refuseBuildKit],
  ['POST', '/grpc', refuseBuildKit],
]

/** What a client with BuildKit, or buildx, opens before it builds. */
function refuseBuildKit(): never {
  throw new OperationError(
    'UNSUPPORTED',
    'build with BuildKit',
    {},
    { hint: 'Set DOCKER_BUILDKIT=0, or use myimage build' },
  )
}

/** Nothing is listed: what builds keep has no names of its own. */
async function prune({ context }: ApiCall): Promise<Answer> {
  return ok({ CachesDeleted: [], SpaceReclaimed: await pruneBuildCache(context) })
}

function build(call: ApiCall): Answer {
  const { query } = call
  if (query.get('version') === '2') refuseBuildKit()
  if (query.get('remote'))
    throw new OperationError(
      'UNSUPPORTED',
      'build from a remote context',
      {},
      { hint: 'Fetch it first' },
    )
  const names = query.getAll('t').filter(Boolean)
  const isQuiet = isTrue(query.get('q'))
  const words = buildWords(query, names)
  return messageStream(async function* () {
    using auth = requestAuthFile(call)
    const command = startCommand(call, 'myimage', words, {
      input: call.input,
      env: auth.environment,
    })
    const stdout = collectText(command.stdout)
    let last = ''
    for await (const line of textLines(command.stderr)) {
      last = line
      if (!isQuiet && !line.startsWith('myimage: ')) yield { stream: `${line}\n` }
    }
    const id = (await stdout).trim()
    if ((await command.ended) !== 0) throw commandError(last)
    yield { aux: { ID: id } }
    if (isQuiet) return yield { stream: `${id}\n` }
    // Clients look for these words.
    yield { stream: `Successfully built ${id.slice('sha256:'.length, 'sha256:'.length + 12)}\n` }
    for (const name of names) {
      const tagged = /:[^/]+$/.test(name) ? name : `${name}:latest`
      yield { stream: `Successfully tagged ${familiarName(tagged)}\n` }
    }
    return undefined
  })
}

function buildWords(query: URLSearchParams, names: readonly string[]): string[] {
  const network = query.get('networkmode') ?? ''
  const text = (name: string): string | undefined => query.get(name) || undefined
  const limit = (name: string): string | undefined => (text(name) === '0' ? undefined : text(name))
  return [
    'build',
    '--progress',
    'plain',
    ...each('tag', names),
    ...word('file', text('dockerfile')),
    ...pairs('build-arg', jsonMap(query, 'buildargs')),
    ...pairs('label', jsonMap(query, 'labels')),
    ...word('target', text('target')),
    ...word('platform', text('platform')),
    ...word('network', ['none', 'host'].includes(network) ? network : undefined),
    ...word('memory', limit('memory')),
    ...word('shm-size', limit('shmsize')),
    ...each('add-host', (text('extrahosts') ?? '').split(',').filter(Boolean)),
    ...toggle('squash', isTrue(query.get('squash'))),
    ...toggle('no-cache', isTrue(query.get('nocache'))),
    ...(isTrue(query.get('pull')) ? ['--pull=always'] : []),
    '-',
  ]
}

function jsonMap(query: URLSearchParams, name: string): Record<string, string> {
  const text = query.get(name)
  if (text === null || text === '') return {}
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch (cause) {
    throw new OperationError('INVALID_ARGUMENT', `read ${name}`, {}, { cause })
  }
  return mapField({ [name]: objectOf(value, name) }, name)
}
