import { execFile } from 'node:child_process'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import t from 'tap'
import { kubectlBinaries } from '../conformance/kubectl.ts'
import { machineNames, startMachines } from './cluster-machines.ts'
import type { Machines } from './cluster-machines.ts'

// A cluster of three machines: one has the server and is a node as well, two more join over the LAN. Pods of the
// server's node and of node-1 reach each other straight, those of node-2 and any other through a tunnel.

const checkout = join(import.meta.dirname, '../..')
const runFile = promisify(execFile)
const kubectl = kubectlBinaries().at(-1)!
const patience = '--timeout=120s'

const limits = { memory: '64Mi', cpu: '500m' }
const labels = { app: 'web' }
const web = {
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { name: 'web' },
  spec: {
    replicas: 3,
    selector: { matchLabels: labels },
    template: {
      metadata: { labels },
      spec: {
        terminationGracePeriodSeconds: 0,
        volumes: [{ name: 'www', emptyDir: {} }],
        containers: [
          {
            name: 'web',
            image: 'host',
            command: ['sh', '-c', 'hostname >/www/index.html; exec busybox httpd -f -p 80 -h /www'],
            volumeMounts: [{ name: 'www', mountPath: '/www' }],
            readinessProbe: { tcpSocket: { port: 80 }, periodSeconds: 1 },
            resources: { limits },
          },
        ],
      },
    },
  },
}
const service = {
  apiVersion: 'v1',
  kind: 'Service',
  metadata: { name: 'web' },
  spec: { type: 'NodePort', selector: labels, ports: [{ port: 80, nodePort: 30_080 }] },
}
/** A shell on each node. */
const shells = {
  apiVersion: 'apps/v1',
  kind: 'DaemonSet',
  metadata: { name: 'shell' },
  spec: {
    selector: { matchLabels: { app: 'shell' } },
    template: {
      metadata: { labels: { app: 'shell' } },
      spec: {
        hostNetwork: true,
        containers: [{ name: 'shell', image: 'host', command: ['sleep', 'infinity'] }],
      },
    },
  },
}

interface Pod {
  readonly name: string
  readonly node: string
  readonly address: string
  readonly isReady: boolean
}

t.setTimeout(400_000)

t.test('a cluster of three machines', async (t) => {
  const startedAt = performance.now()
  const note = (what: string): void =>
    void process.stderr.write(`@${Math.round((performance.now() - startedAt) / 1000)}s ${what}\n`)
  const machines = await startMachines(t)
  note('machines are up')
  const kubeconfig = join(machines.folder, 'kubeconfig')
  const env = { ...process.env, HOME: machines.folder, KUBECONFIG: kubeconfig }
  const ok = async (...words: string[]): Promise<string> => {
    try {
      return (await runFile(kubectl, words, { env })).stdout
    } catch (error) {
      for (const name of machineNames)
        process.stderr.write(`${name}: ${machines.machine[name].output().slice(-3000)}\n`)
      throw error
    }
  }
  const pods = async (app: string): Promise<Pod[]> => {
    const path =
      '{range .items[*]}{.metadata.name} {.spec.nodeName} {.status.podIP} {.status.containerStatuses[0].ready}{"\\n"}{end}'
    const text = await ok('get', 'pods', '-l', `app=${app}`, '-o', `jsonpath=${path}`)
    return text
      .trim()
      .split('\n')
      .map((line) => line.split(' '))
      .map(([name = '', node = '', address = '', ready]) => ({
        name,
        node,
        address,
        isReady: ready === 'true',
      }))
  }
  const sh = (pod: Pod, script: string): Promise<string> =>
    ok('exec', pod.name, '--', 'sh', '-ec', script)

  await startServer(machines, kubeconfig)
  note('the server serves')
  await joinAll(machines, env)
  await approveServing(ok, 'server')
  await Promise.all(
    machineNames.map((name) => ok('wait', `node/${name}`, '--for=create', patience)),
  )
  await ok('wait', 'node', '--all', '--for=condition=Ready', patience)
  note('nodes are ready')

  const manifest = { apiVersion: 'v1', kind: 'List', items: [web, service, shells] }
  // Without its description of all kinds, which takes an emulated server a while to write.
  const applying = runFile(kubectl, ['create', '--validate=false', '-f', '-'], { env })
  applying.child.stdin?.end(JSON.stringify(manifest))
  await applying
  await ok('rollout', 'status', 'deployment/web', patience)
  await ok('rollout', 'status', 'daemonset/shell', patience)
  note('pods run')
  const webs = await pods('web')
  const onNodes = await pods('shell')

  t.test('pods are spread over the machines', async (t) => {
    t.strictSame(webs.map(({ node }) => node).toSorted(), [...machineNames].toSorted())
  })

  t.test('limits are those of cgroup v2', async (t) => {
    const files = 'cd /sys/fs/cgroup; cat memory.max cpu.max; stat -fc %T .'
    const all = await Promise.all(webs.map((pod) => sh(pod, files)))
    for (const [at, text] of all.entries())
      t.equal(text, `${64 * 1024 * 1024}\n50000 100000\ncgroup2fs\n`, webs[at]?.node ?? '')
  })

  t.test('routes are straight to a neighbour, through a tunnel to others', async (t) => {
    const from = onNodes.find(({ node }) => node === 'node-1')!
    const routeTo = async (node: string): Promise<string> => {
      const { address = '' } = webs.find((pod) => pod.node === node) ?? {}
      return sh(from, `ip route get ${address}`)
    }
    t.match(await routeTo('server'), /dev eth0/)
    const [, tunnel = ''] = / dev (\S+)/.exec(await routeTo('node-2')) ?? []
    t.match(await sh(from, `ip -d link show ${tunnel}`), /vxlan/)
  })

  t.test('pods reach pods, and the service by name', async (t) => {
    const addresses = [...webs.map(({ address }) => address), 'web', 'web.default.svc']
    const script = addresses.map((to) => `curl -sf -m 20 http://${to}/`).join('; ')
    const names = webs.map(({ name }) => name)
    const answers = await Promise.all(webs.map((pod) => sh(pod, script)))
    for (const [at, text] of answers.entries()) {
      const lines = text.trim().split('\n')
      t.strictSame(lines.slice(0, 3), names, `from ${webs[at]?.node ?? ''}`)
      t.ok(lines.slice(3).every((line) => names.includes(line)))
    }
    note('pods reach pods')
  })

  t.test('the service answers on every node', async (t) => {
    const cluster = await ok('get', 'service', 'web', '-o', 'jsonpath={.spec.clusterIP}')
    const targets = [`${cluster}:80`, '10.9.0.1:30080', '10.9.0.2:30080', '10.9.1.2:30080']
    const script = targets.map((to) => `curl -sf -m 20 http://${to}/`).join('; ')
    const answers = await Promise.all(onNodes.map((pod) => sh(pod, script)))
    for (const [at, text] of answers.entries())
      t.equal(text.match(/^web-/gm)?.length, targets.length, `from ${onNodes[at]?.node ?? ''}`)
    note('the service answers')
  })

  t.test('pods of a machine that is gone run elsewhere', async (t) => {
    const lost = webs.find(({ node }) => node === 'node-2')!
    await machines.machine['node-2'].kill()
    await ok('wait', 'node/node-2', '--for=condition=Ready=Unknown', patience)
    const onOthers = async (): Promise<number> =>
      (await pods('web')).filter(({ node, isReady }) => isReady && node !== lost.node).length
    while ((await onOthers()) < 3) continue
    note('its pods run elsewhere')
    const [shell] = onNodes.filter(({ node }) => node === 'node-1')
    const script = 'for i in 1 2 3 4 5 6; do curl -sf -m 20 http://10.9.0.2:30080/; done'
    t.equal((await sh(shell!, script)).match(/^web-/gm)?.length, 6)
  })
})

/** @param kubeconfig where the administrator's is to be, to be used from this host */
async function startServer({ machine, port }: Machines, kubeconfig: string): Promise<void> {
  const quick = '--node-monitor-grace 40 --pod-patience 1 --node-eviction-rate 1'
  machine.server.type(`bin/myorch server --addr 10.9.0.1:6443 ${quick}`)
  await machine.server.untilLine(/^kubeconfig /)
  machine.server.type('base64 -w0 </var/lib/myorch/admin.kubeconfig; echo')
  const text = Buffer.from(await machine.server.untilLine(/^[\w+/]{400,}=*$/), 'base64').toString()
  await writeFile(kubeconfig, text.replace('https://10.9.0.1:6443', `https://127.0.0.1:${port}`))
}

async function joinAll({ machine }: Machines, env: NodeJS.ProcessEnv): Promise<void> {
  const { stdout } = await runFile(join(checkout, 'bin/myorch'), ['token', 'create'], { env })
  const [, words = ''] = / (--token .*)\n/.exec(stdout) ?? []
  for (const name of machineNames)
    machine[name].type(`bin/myorch node join https://10.9.0.1:6443 ${words} --heartbeat 2`)
}

/** The server's own address is signed for nobody by itself: who has such a certificate could pose as the server. */
async function approveServing(
  ok: (...words: string[]) => Promise<string>,
  node: string,
): Promise<void> {
  const chosen = `@.spec.username=="system:node:${node}"`
  const path = `jsonpath={.items[?(${chosen})].metadata.name}`
  let request = ''
  while (request === '') request = await ok('get', 'csr', '-o', path)
  await ok('certificate', 'approve', request)
}
