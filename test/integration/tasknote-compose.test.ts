import t from 'tap'
import { join } from 'node:path'
import { appendFileSync } from 'node:fs'
import { runCommand, waitUntil } from './command-line.ts'
import { makePicture, taskNoteBench } from './tasknote-stack.ts'

t.setTimeout(280_000)

t.test('TaskNote comes up from its compose file', async (t) => {
  const note = await taskNoteBench(t)
  const folder = note.copyExample()
  const compose = async (...args: string[]) => {
    const env = { TASKNOTE_PORT: '0' }
    const options = { root: note.root, cwd: folder, env, timeoutMs: 120_000 }
    const result = await runCommand(['compose', ...args], options)
    if (result.exitCode !== 0) throw new Error(`compose ${args.join(' ')}: ${result.stderr}`)
    return result
  }
  await compose('up', '-d', '--wait', '--scale', 'worker=2')
  const states = (await compose('ps', '--format', '{{.Name}} {{.State}}')).stdout
  t.equal(
    states,
    ['api-1', 'cache-1', 'database-1', 'worker-1', 'worker-2']
      .map((name) => `tasknote-${name} running\n`)
      .join(''),
  )
  const address = async () => `http://${(await compose('port', 'api', '8080')).stdout.trim()}`
  let url = await address()
  t.match(await (await fetch(`${url}/ready`)).json(), {
    database: true,
    uploads: true,
    cache: true,
  })
  const task = await fetch(`${url}/tasks`, { method: 'POST', body: '{"title":"Buy milk"}' })
  t.match(await task.json(), { id: '1', title: 'Buy milk' })
  const headers = { 'content-type': 'image/png' }
  await fetch(`${url}/tasks/1/image`, { method: 'PUT', body: makePicture(), headers })
  await waitUntil(
    'a worker has made the small picture',
    async () => (await fetch(`${url}/tasks/1/image?size=small`)).status === 200,
  )

  await t.test('a change of the source makes the application anew, and nothing else', async (t) => {
    const idOf = (name: string) => note.inspect(name, '.Id')
    const before = await idOf('tasknote-database-1')
    appendFileSync(join(folder, 'src/api.ts'), '// changed\n')
    const { stderr } = await compose('up', '-d', '--build', '--wait')
    t.match(stderr, /tasknote-api-1 {2}Recreated/)
    t.match(stderr, /tasknote-worker-2 {2}Removed/, 'one worker, as the file says')
    t.equal(await idOf('tasknote-database-1'), before)
    url = await address()
    t.match(await (await fetch(`${url}/tasks`)).text(), /Buy milk/)
  })

  await t.test('down keeps the data, down -v does not', async (t) => {
    await compose('down', '-t', '5')
    t.equal(await note.ok('ps', '-aq'), '')
    await compose('up', '-d', '--wait')
    url = await address()
    t.match(await (await fetch(`${url}/tasks`)).text(), /Buy milk/)
    await compose('down', '-v', '-t', '5')
    t.notMatch(await note.ok('volume', 'ls', '-q'), /tasknote/)
  })
})
