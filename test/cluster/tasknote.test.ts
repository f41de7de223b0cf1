import { execFile } from 'node:child_process'
import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { createServer } from 'node:net'
import type { AddressInfo } from 'node:net'
import { spawn } from 'node:child_process'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import t from 'tap'
import type { Test } from 'tap'
import { exampleFolder } from '../integration/tasknote-stack.ts'

// The lab from images to a rollback, as its user types it: our commands, the real kubectl, and requests all the while.

const project = join(import.meta.dirname, '../..')
const call = promisify(execFile)
const clusterName = `note${process.pid % 10_000}`
const manifests = join(exampleFolder, 'kubernetes')

interface Lab {
  readonly run: (program: string, ...words: string[]) => Promise<string>
  readonly env: NodeJS.ProcessEnv
  readonly folder: string
}

function openLab(t: Test): Lab {
  const folder = mkdtempSync(join(tmpdir(), 'tasknote-cluster-'))
  const env = {
    ...process.env,
    HOME: folder,
    MYORCH_ROOT: join(folder, 'myorch'),
    MYCONTAINER_ROOT: join(folder, 'images'),
    KUBECONFIG: join(folder, 'kubeconfig'),
    TASKNOTE_CACHE: join(project, 'node_modules/.cache/tasknote'),
  }
  const run = async (program: string, ...words: string[]): Promise<string> => {
    const own = join(project, 'bin', program)
    const path = existsSync(own) ? own : program
    const { stdout } = await call(path, words, { env, timeout: 240_000 })
    return stdout.trim()
  }
  t.teardown(async () => {
    await run('myorch', 'cluster', 'delete', clusterName).catch(() => undefined)
    rmSync(folder, { recursive: true, force: true })
  })
  return { run, env, folder }
}

/** Requests one after the other until stopped. @returns how many there were, and what went wrong */
function startLoad(url: string): { stop(): Promise<{ count: number; failures: string[] }> } {
  const state = { isOn: true, count: 0, failures: [] as string[] }
  const work = async (): Promise<void> => {
    while (state.isOn) {
      state.count++
      try {
        const response = await fetch(url, { signal: AbortSignal.timeout(5000) })
        if (!response.ok) state.failures.push(`${response.status} ${await response.text()}`)
        else await response.arrayBuffer()
      } catch (error) {
        const { cause } = error as { cause?: { code?: string } }
        state.failures.push(cause?.code ?? String(error))
      }
    }
  }
  const running = Promise.all([work(), work()])
  return {
    stop: async () => {
      state.isOn = false
      await running
      return { count: state.count, failures: state.failures }
    },
  }
}

function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const { port } = server.address() as AddressInfo
      server.close(() => resolve(port))
    })
  })
}

t.test('TaskNote on a cluster of three nodes', async (t) => {
  const { run, env, folder } = openLab(t)
  await run(join(exampleFolder, 'make-base-images'))
  await run('myimage', 'build', '-q', exampleFolder, '-t', 'localhost/tasknote:v1')
  const copy = join(folder, 'changed')
  cpSync(exampleFolder, copy, { recursive: true })
  await run('myimage', 'build', '-q', copy, '--label', 'version=2', '-t', 'localhost/tasknote:v2')
  await run('myorch', 'cluster', 'create', '--name', clusterName)
  const images = ['tasknote:v1', 'tasknote:v2', 'postgres', 'redis'].map(
    (name) => `localhost/${name}`,
  )
  await run('myorch', 'image', 'load', ...images)
  const node = await run(
    'kubectl',
    'get',
    'nodes',
    '-o',
    'jsonpath={.items[0].status.addresses[0].address}',
  )
  const url = `http://${node}:30080`

  await t.test('comes up from its manifests', async (t) => {
    await run('kubectl', 'apply', '-f', manifests)
    for (const name of ['database', 'cache', 'tasknote'])
      await run('kubectl', 'rollout', 'status', `deployment/${name}`, '--timeout=60s')
    const body = JSON.stringify({ title: 'Buy milk' })
    const made = await fetch(`${url}/tasks`, { method: 'POST', body })
    t.equal(made.status, 201)
    t.match(await (await fetch(`${url}/tasks`)).json(), [{ title: 'Buy milk' }])
    const nodes = await run(
      'kubectl',
      'get',
      'pods',
      '-l',
      'app=tasknote',
      '-o',
      'jsonpath={.items[*].spec.nodeName}',
    )
    t.equal(new Set(nodes.split(' ')).size, 3, 'one copy on each node')
  })

  await t.test('is reached through kubectl port-forward', async (t) => {
    const port = await freePort()
    const forward = spawn('kubectl', ['port-forward', 'service/tasknote', `${port}:80`], { env })
    t.teardown(() => forward.kill())
    await new Promise((resolve) => forward.stdout.once('data', resolve))
    const response = await fetch(`http://127.0.0.1:${port}/health`)
    t.equal(response.status, 200)
  })

  await t.test('scales to six', async (t) => {
    await run('kubectl', 'scale', 'deployment/tasknote', '--replicas=6')
    await run('kubectl', 'rollout', 'status', 'deployment/tasknote', '--timeout=60s')
    t.equal(
      await run('kubectl', 'get', 'deployment/tasknote', '-o', 'jsonpath={.status.readyReplicas}'),
      '6',
    )
  })

  await t.test('is updated and rolled back with no failed request', async (t) => {
    const load = startLoad(`${url}/tasks`)
    await run('kubectl', 'set', 'image', 'deployment/tasknote', 'api=localhost/tasknote:v2')
    await run('kubectl', 'rollout', 'status', 'deployment/tasknote', '--timeout=90s')
    const image = 'jsonpath={.spec.template.spec.containers[0].image}'
    t.equal(
      await run('kubectl', 'get', 'deployment/tasknote', '-o', image),
      'localhost/tasknote:v2',
    )
    await run('kubectl', 'rollout', 'undo', 'deployment/tasknote')
    await run('kubectl', 'rollout', 'status', 'deployment/tasknote', '--timeout=90s')
    t.equal(
      await run('kubectl', 'get', 'deployment/tasknote', '-o', image),
      'localhost/tasknote:v1',
    )
    const { count, failures } = await load.stop()
    t.strictSame(failures, [])
    t.ok(count > 50, `${count} requests`)
    t.match(await (await fetch(`${url}/tasks`)).json(), [{ title: 'Buy milk' }], 'nothing is lost')
  })

  await t.test('goes without a trace', async (t) => {
    await run('myorch', 'cluster', 'delete', clusterName)
    t.notOk(existsSync(join(folder, 'myorch/clusters', clusterName)))
    t.notMatch(readFileSync('/proc/self/mountinfo', 'utf8'), folder)
  })
})
