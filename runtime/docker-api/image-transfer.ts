import { Readable } from 'node:stream'
import type { ApiCall, Answer, Route } from './api-call.ts'
import { ok } from './api-call.ts'
import { orNoSuch } from './api-error.ts'
import { isTrue } from './filters.ts'
import {
  type OwnCommand,
  collectText,
  commandError,
  commandOutput,
  startCommand,
} from './own-command.ts'
import { messageStream, textLines } from './message-stream.ts'
import { emptyAuthFile, requestAuthFile, serverOf } from './auth-file.ts'
import { textField } from './json-fields.ts'

// Images that come and go: by registries, archives and root file systems.

export const imageTransferRoutes: readonly Route[] = [
  ['POST', '/images/create', create],
  ['POST', '/images/load', load],
  ['GET', '/images/get', saveNamed],
  ['GET', '/images/**/get', saveOne],
  ['POST', '/images/**/push', push],
  ['POST', '/auth', checkLogin],
]

async function create(call: ApiCall): Promise<Answer> {
  return call.query.get('fromSrc') === null ? pull(call) : importRoot(call)
}

function withTag(name: string, tag: string | null): string {
  if (tag === null || tag === '') return name
  return tag.includes(':') ? `${name}@${tag}` : `${name}:${tag}`
}

async function pull(call: ApiCall): Promise<Answer> {
  const { query } = call
  const name = query.get('fromImage') ?? ''
  const hasTag = /:[^/]+$|@/.test(name)
  const reference = hasTag ? name : withTag(name, query.get('tag') || 'latest')
  const platform = query.get('platform')
  const before = await call.engine.imageId(reference)
  const auth = requestAuthFile(call)
  const words = ['pull', ...(platform ? ['--platform', platform] : []), reference]
  const command = startCommand(call, 'myimage', words, { env: auth.environment })
  void command.ended.catch(() => undefined).finally(() => auth[Symbol.dispose]())
  const progress = await beginProgress(command)
  return messageStream(async function* () {
    yield { status: `Pulling from ${name}`, id: query.get('tag') || 'latest' }
    yield* progress
    const store = await call.context.images()
    const image = store.require(reference)
    yield { status: `Digest: ${image.digest}` }
    yield {
      status: `Status: ${before === image.id ? 'Image is up to date' : 'Downloaded newer image'} for ${reference}`,
    }
  })
}

/**
 * What a command tells while it works. What fails before anything was done has a status of its own: clients
 * look at it, rather than at the messages.
 */
async function beginProgress(command: OwnCommand): Promise<AsyncIterable<{ status: string }>> {
  const stdout = collectText(command.stdout)
  const lines = textLines(command.stderr)[Symbol.asyncIterator]()
  let last = ''
  const next = async (): Promise<string | undefined> => {
    for (;;) {
      const { value, done } = await lines.next()
      if (done === true) break
      last = value
      if (!value.startsWith('myimage: ')) return value
    }
    await stdout
    if ((await command.ended) !== 0) throw commandError(last)
    return undefined
  }
  const first = await next()
  return (async function* () {
    for (let line = first; line !== undefined; line = await next()) yield { status: line }
  })()
}

async function push(call: ApiCall): Promise<Answer> {
  const {
    query,
    parameters: [name = ''],
  } = call
  const reference = withTag(name, query.get('tag'))
  const store = await call.context.images()
  const image = await orNoSuch('image', reference, () => store.require(reference))
  return messageStream(async function* () {
    using auth = requestAuthFile(call)
    yield { status: `The push refers to repository [${name}]` }
    const command = startCommand(call, 'myimage', ['push', reference], { env: auth.environment })
    const stdout = collectText(command.stdout)
    let last = ''
    for await (const line of textLines(command.stderr)) {
      last = line
      if (!line.startsWith('myimage: ')) yield { status: line }
    }
    const digest = (await stdout).trim()
    if ((await command.ended) !== 0) throw commandError(last)
    const tag = query.get('tag') || 'latest'
    yield { status: `${tag}: digest: ${digest} size: ${image.size}` }
    yield { progressDetail: {}, aux: { Tag: tag, Digest: digest, Size: image.size } }
  })
}

function importRoot(call: ApiCall): Answer {
  const { query } = call
  const repository = query.get('repo')
  const changes = query.getAll('changes').flatMap((change) => ['--change', change])
  const message = query.get('message')
  const words = [
    'import',
    ...changes,
    ...(message ? ['--message', message] : []),
    query.get('fromSrc') ?? '-',
    ...(repository ? [withTag(repository, query.get('tag') || 'latest')] : []),
  ]
  return messageStream(async function* () {
    const command = startCommand(call, 'myimage', words, { input: call.input })
    const [id, told] = await Promise.all([collectText(command.stdout), collectText(command.stderr)])
    if ((await command.ended) !== 0) throw commandError(told)
    yield { status: id.trim() }
  })
}

function load(call: ApiCall): Answer {
  const isQuiet = isTrue(call.query.get('quiet'))
  return messageStream(async function* () {
    const command = startCommand(call, 'myimage', ['load'], { input: call.input })
    const told = collectText(command.stderr)
    for await (const line of textLines(command.stdout)) {
      const text = line.replace(/: (?:docker\.io\/(?:library\/)?|localhost\/)/, ': ')
      if (!isQuiet || text.startsWith('Loaded')) yield { stream: `${text}\n` }
    }
    if ((await command.ended) !== 0) throw commandError(await told)
  })
}

function saveNamed(call: ApiCall): Promise<Answer> {
  return save(call, call.query.getAll('names'))
}

function saveOne(call: ApiCall): Promise<Answer> {
  return save(call, call.parameters)
}

async function save(call: ApiCall, names: readonly string[]): Promise<Answer> {
  const store = await call.context.images()
  for (const name of names) await orNoSuch('image', name, () => store.require(name))
  return {
    type: 'application/x-tar',
    stream: commandOutput(call, 'myimage', ['save', '--', ...names]),
  }
}

/** They are tried, and not kept: the client keeps them, and they come with each request. */
async function checkLogin(call: ApiCall): Promise<Answer> {
  const body = await call.json()
  const [username, password] = [textField(body, 'username'), textField(body, 'password')]
  const server = serverOf(textField(body, 'serveraddress') ?? 'docker.io')
  if (username !== undefined && password !== undefined) {
    using auth = emptyAuthFile()
    const words = ['login', '--authfile', auth.path, '-u', username, '--password-stdin', server]
    const command = startCommand(call, 'myimage', words, { input: Readable.from([password]) })
    const [told] = await Promise.all([collectText(command.stderr), collectText(command.stdout)])
    if ((await command.ended) !== 0) {
      const { message } = commandError(told)
      return { status: /credential|denied|401|403/i.test(message) ? 401 : 500, body: { message } }
    }
  }
  return ok({ Status: 'Login Succeeded', IdentityToken: '' })
}
