import { spawn } from 'node:child_process'
import { basename, dirname } from 'node:path'
import t from 'tap'
import type { Test } from 'tap'
import { kubectlBinaries } from './kubectl.ts'
import { startWeb, startWithPod } from './pod-behind-agent.ts'

// exec, attach, logs, port-forward and proxy by every kubectl there is: those before 1.30 speak SPDY, those after
// WebSocket. What they reach is no node, but answers as the agent of one.

for (const binary of kubectlBinaries())
  t.test(`streams of ${basename(binary)}`, { timeout: 60_000 }, async (t) => {
    const kubectl = await startWithPod(t, binary)
    const { agent, server } = kubectl
    const run: typeof kubectl.run = (...words) => kubectl.run(...words)

    t.match(await run(['logs', 'p1', '--tail=2']), { code: 0, stdout: 'one\ntwo\n' })
    t.ok(
      agent.requests.includes('/containerLogs/default/p1/c?tailLines=2'),
      'the query is passed on',
    )

    t.match(await run(['exec', 'p1', '--', 'exit', '0']), {
      code: 0,
      stdout: 'out\n',
      stderr: /^err\n/,
    })
    const failed = await run(['exec', 'p1', '--', 'exit', '7'])
    t.match(failed, { code: 7, stderr: /command terminated with exit code 7/ })
    t.match(await run(['exec', '-i', 'p1', '--', 'upper', '6'], 'hello\n'), {
      code: 0,
      stdout: 'HELLO\n',
    })
    const large = 'x'.repeat(900_000)
    const echoed = await run(['exec', '-i', 'p1', '--', 'upper', String(large.length)], large)
    t.equal(echoed.code, 0)
    t.ok(echoed.stdout === large.toUpperCase(), 'what is large comes back whole')
    t.match(await run(['exec', 'p1', '-c', 'nope', '--', 'true']), {
      code: 1,
      stderr: /container nope is not valid for pod p1|container not found/,
    })

    const port = await startWeb(t)
    const local = await forward(t, binary, server.kubeconfig, port)
    const texts = await Promise.all(
      ['/a', '/b', '/c'].map(async (path) =>
        (await fetch(`http://127.0.0.1:${local}${path}`)).text(),
      ),
    )
    t.same(texts, ['web /a\n', 'web /b\n', 'web /c\n'], 'ports are forwarded')

    const proxied = await run([
      'get',
      '--raw',
      `/api/v1/namespaces/default/pods/p1:${port}/proxy/x?y=z`,
    ])
    t.match(proxied, { code: 0, stdout: 'web /x?y=z\n' })
    t.match(await run(['get', '--raw', '/api/v1/nodes/n1/proxy/healthz']), {
      code: 0,
      stdout: 'ok',
    })
  })

/** Forward a port with kubectl. @returns the local one */
function forward(t: Test, binary: string, kubeconfig: string, port: number): Promise<number> {
  const child = spawn(binary, ['port-forward', 'p1', `:${port}`], {
    env: { ...process.env, HOME: dirname(kubeconfig), KUBECONFIG: kubeconfig },
  })
  t.teardown(() => child.kill())
  return new Promise((resolve, reject) => {
    let errors = ''
    child.stderr.on('data', (chunk: Buffer) => (errors += chunk.toString()))
    child.stdout.on('data', (chunk: Buffer) => {
      const match = /127\.0\.0\.1:(\d+)/.exec(chunk.toString())
      if (match) resolve(Number(match[1]))
    })
    child.on('exit', () => reject(new Error(`kubectl port-forward ended: ${errors}`)))
  })
}
