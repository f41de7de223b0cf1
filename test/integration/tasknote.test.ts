import { appendFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { waitUntil } from './command-line.ts'
import { startRegistry } from './registry-process.ts'
import {
  type TaskNote,
  exampleFolder,
  makePicture,
  startApi,
  startNeighbours,
  taskNoteBench,
} from './tasknote-stack.ts'

interface Task {
  readonly id: string
  readonly title: string
  readonly done: boolean
  readonly image: string | null
}

const tagged = 'localhost:5000/tasknote:v1'

async function send(url: string, method: string, body: unknown): Promise<Task> {
  const response = await fetch(url, { method, body: JSON.stringify(body) })
  return (await response.json()) as Task
}

async function layersOf({ myimage }: TaskNote, image: string): Promise<string[]> {
  const { stdout } = await myimage('inspect', '-f', '{{json .RootFS.Layers}}', image)
  return JSON.parse(stdout) as string[]
}

interface Stage {
  readonly steps: readonly { readonly instruction: string; readonly state: string }[]
}

t.test('TaskNote, from its source to a registry and back', async (t) => {
  const note = await taskNoteBench(t)
  const { myimage, ok, inspect } = note

  await t.test('is built in one stage and in several', async (t) => {
    await myimage('build', exampleFolder, '-t', tagged)
    const single = join(exampleFolder, 'Dockerfile.single-stage')
    await myimage('build', exampleFolder, '-f', single, '-t', 'localhost/tasknote:single')
    const findNpm = ['node', '-p', 'fs.existsSync("/usr/local/bin/npm")']
    t.equal(await ok('run', '--rm', 'localhost/tasknote:single', ...findNpm), 'true')
    t.equal(await ok('run', '--rm', tagged, ...findNpm), 'false', 'it stayed in its stage')
  })

  await t.test('keeps its layers when only the code changes', async (t) => {
    const copy = note.copyExample()
    appendFileSync(join(copy, 'src/api.ts'), '// changed\n')
    const { stdout } = await myimage('build', copy, '--dry-run', '--format', 'json')
    const anew = (JSON.parse(stdout) as Stage[])
      .flatMap(({ steps }) => steps)
      .filter(({ state }) => state === 'miss')
    t.strictSame(
      anew.map(({ instruction }) => instruction),
      ['COPY src ./src'],
    )
    await myimage('build', copy, '-t', 'localhost/tasknote:v2')
    const [before, after] = [
      await layersOf(note, tagged),
      await layersOf(note, 'localhost/tasknote:v2'),
    ]
    t.strictSame(after.slice(0, -1), before.slice(0, -1))
    t.not(after.at(-1), before.at(-1))
  })

  await startNeighbours(note, tagged)
  let url = await startApi(note, tagged)
  const picture = makePicture()

  await t.test('keeps tasks and pictures', async (t) => {
    const task = await send(`${url}/tasks`, 'POST', { title: 'Buy milk' })
    t.match(task, { id: '1', title: 'Buy milk', done: false, image: null })
    const headers = { 'content-type': 'image/png' }
    const put = await fetch(`${url}/tasks/1/image`, { method: 'PUT', body: picture, headers })
    t.equal(put.status, 201)
    await waitUntil('the worker has resized the picture', async () => {
      const { image } = (await (await fetch(`${url}/tasks/1`)).json()) as Task
      return image === 'ready'
    })
    const small = await fetch(`${url}/tasks/1/image?size=small`)
    t.equal(small.headers.get('content-type'), 'image/webp')
    t.match(await send(`${url}/tasks/1`, 'PATCH', { done: true }), { done: true, image: 'ready' })
  })

  await t.test('keeps them when its container is replaced', async (t) => {
    await ok('rm', '-f', 'api')
    url = await startApi(note, tagged)
    t.match(await (await fetch(`${url}/tasks`)).json(), [{ title: 'Buy milk', done: true }])
    const image = await fetch(`${url}/tasks/1/image`)
    t.ok(picture.equals(Buffer.from(await image.arrayBuffer())))
    t.equal(await inspect('api', '.Config.User'), 'node')
  })

  await t.test(
    'remembers answers, works without Redis, and says so without PostgreSQL',
    async (t) => {
      await fetch(`${url}/tasks`)
      t.equal((await fetch(`${url}/tasks`)).headers.get('x-cache'), 'hit')
      await ok('stop', 'cache')
      t.equal((await fetch(`${url}/tasks`)).headers.get('x-cache'), 'miss')
      t.match(await (await fetch(`${url}/ready`)).json(), { database: true, cache: false })
      await ok('stop', 'database')
      t.equal((await fetch(`${url}/ready`)).status, 503)
      t.equal((await fetch(`${url}/tasks`)).status, 503)
      t.equal((await fetch(`${url}/health`)).status, 200)
      await ok('start', 'database', 'cache')
      await waitUntil('the API is ready again', async () => (await fetch(`${url}/ready`)).ok)
      t.equal(await inspect('worker', '.State.Running'), true, 'the worker waited')
    },
  )

  await t.test('goes through a registry and runs from there', async (t) => {
    const registry = await startRegistry(t, join(note.folder, 'registry'))
    const remote = `${registry.host}/tasknote`
    await myimage('push', tagged, `${remote}:v1`)
    const layers = await layersOf(note, tagged)
    await ok('rm', '-f', 'api', 'worker')
    await myimage('rm', '-f', tagged, 'localhost/tasknote:single', 'localhost/tasknote:v2')
    t.equal((await note.run('run', '--pull', 'never', tagged)).exitCode, 125, 'it is gone here')
    const response = await fetch(`${registry.url}/v2/tasknote/manifests/v1`, { method: 'HEAD' })
    const pinned = `${remote}@${response.headers.get('docker-content-digest')}`
    await myimage('pull', pinned)
    t.strictSame(await layersOf(note, pinned), layers)
    url = await startApi(note, pinned)
    t.match(await (await fetch(`${url}/tasks`)).json(), [{ title: 'Buy milk', done: true }])
  })

  await t.test('stops at once when it is asked to', async (t) => {
    await ok('stop', 'api')
    t.equal(await inspect('api', '.State.ExitCode'), 0)
    t.match(await ok('logs', 'api'), /"event":"stopped"/u)
  })
})
