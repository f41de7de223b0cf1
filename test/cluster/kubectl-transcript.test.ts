import { execFile, execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import t from 'tap'
import type { Test } from 'tap'
import type { CommandResult } from '../conformance/kubectl.ts'
import { dayFiles, going, looking, writing } from './kubectl-day.ts'
import type { Row } from './kubectl-day.ts'
import { kubectlVersions } from './kubectl-versions.ts'
import type { KubectlVersion } from './kubectl-versions.ts'
import { makeLocalCluster } from './local-cluster.ts'
import type { LocalCluster } from './local-cluster.ts'

// A working day of the real kubectl, on three nodes with real containers. KUBECTL_VERSIONS=all: with each that there is; 1.27,1.31: with these.

interface Desk {
  readonly cluster: LocalCluster
  readonly kubectl: KubectlVersion
}

const patience = 60_000
const myorch = join(import.meta.dirname, '../../bin/myorch')

function run(
  { cluster, kubectl }: Desk,
  words: readonly string[],
  input = '',
): Promise<CommandResult> {
  return new Promise((resolve) => {
    const options = { env: cluster.env, cwd: cluster.folder, timeout: patience }
    const child = execFile(kubectl.path, [...words], options, (error, stdout, stderr) => {
      const code = error ? (typeof error.code === 'number' ? error.code : -1) : 0
      resolve({ code, stdout, stderr })
    })
    child.stdin?.on('error', () => undefined).end(input)
  })
}

async function play(t: Test, desk: Desk, rows: readonly Row[]): Promise<void> {
  const { name } = desk.cluster
  const { minor } = desk.kubectl
  for (const { line: text, out, code, since, until } of rows) {
    if (minor < since || minor > until) continue
    const line = text.replaceAll('NAME-', `${name}-`)
    const wanted = new RegExp(out.source.replaceAll('NAME-', `${name}-`), out.flags)
    const result = await run(desk, line.split(' '))
    t.equal(result.code, code, `kubectl ${line} ends with ${code}: ${result.stderr}`)
    t.match(result.stdout + result.stderr, wanted, `kubectl ${line}`)
  }
}

/** The first line of a command that goes on until it is ended. */
async function firstLine({ cluster, kubectl }: Desk, line: string): Promise<string> {
  const { env, folder: cwd } = cluster
  const child = spawn(kubectl.path, line.split(' '), { env, cwd })
  try {
    const lines = createInterface(child.stdout)
    const [first] = (await once(lines, 'line', { signal: AbortSignal.timeout(patience) })) as [
      string,
    ]
    return first
  } finally {
    child.kill()
  }
}

/** The page of a pod's web server through a forwarded port. */
async function forwarded(cluster: LocalCluster, program: string): Promise<string> {
  const words = ['port-forward', 'pod/p1', ':80', '--address=127.0.0.1']
  const child = spawn(program, words, { env: cluster.env })
  try {
    const [line] = (await once(createInterface(child.stdout), 'line')) as [string]
    const port = /127\.0\.0\.1:(\d+) -> 80/.exec(line)?.[1] ?? ''
    return await (await fetch(`http://127.0.0.1:${port}/`)).text()
  } finally {
    child.kill()
  }
}

function certificateRequest(): string {
  const words = ['req', '-new', '-newkey', 'rsa:2048', '-nodes', '-keyout', '/dev/null']
  return execFileSync('openssl', [...words, '-subj', '/CN=somebody'], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'ignore'],
  })
}

for (const kubectl of kubectlVersions(process.env['KUBECTL_VERSIONS']))
  t.test(`a day of kubectl 1.${kubectl.minor}`, async (t) => {
    const cluster = await makeLocalCluster(t, 3)
    const desk = { cluster, kubectl }
    const images = join(cluster.folder, 'myorch/clusters', cluster.name, 'images')
    const from = ['--root', images, 'from-host', 'nginx', '-t', 'nginx:host']
    const made = await cluster.own('myimage', ...from)
    t.equal(made.code, 0, made.stderr)
    for (const [name, content] of Object.entries(dayFiles(certificateRequest())))
      cluster.file(`${name}.json`, JSON.stringify(content))
    cluster.env['KUBE_EDITOR'] = 'sed -i s/app:.p$/app:\\ z/'

    await play(t, desk, writing)
    await play(t, desk, looking)
    t.match(readFileSync(join(cluster.folder, 'copied'), 'utf8'), /Kubernetes-managed/)
    const piped = await run(desk, ['exec', '-i', 'r1', '--', 'sh', '-c', 'cat; exit 7'], 'in\n')
    t.match(piped, { code: 7, stdout: 'in\n', stderr: /exit code 7/ }, 'exec with an input')
    const withInput = 'run piped -i --rm --image=host --restart=Never --command -- cat'
    const copied = await run(desk, withInput.split(' '), 'in\n')
    t.match(copied, { code: 0, stdout: /in\n/ }, 'run with an input, which ends')
    const follow = 'logs t1 -f --tail=5 --since=10s --timestamps'
    t.match(await firstLine(desk, follow), /^\d{4}-\S+T\S+Z tick$/, follow)
    t.equal(await firstLine(desk, 'attach t1 -c c'), 'tick', 'attach t1 -c c')
    for (const program of [kubectl.path, myorch])
      t.match(await forwarded(cluster, program), /Welcome to nginx/, `${program} port-forward`)
    await play(t, desk, going)
    t.strictSame(await cluster.remove(), [], 'nothing is left of the cluster')
  })
