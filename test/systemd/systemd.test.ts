import { execFile } from 'node:child_process'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import t from 'tap'
import { kubectlBinaries } from '../conformance/kubectl.ts'
import { startSystemdMachines } from './systemd-machines.ts'
import type { SystemdMachine, SystemdMachines } from './systemd-machines.ts'
import { addresses } from './systemd-image.ts'

// What docs/install-cluster.md says, typed on two machines that systemd has booted: a server, a node that joins it,
// restarts of both under their pods, and a reboot.

const runFile = promisify(execFile)
const kubectl = kubectlBinaries().at(-1)!
const patience = '--timeout=180s'
const serverConfig = '/var/lib/myorch/server/admin.kubeconfig'
const nodePort = 30_080

const labels = { app: 'web' }
const web = {
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { name: 'web' },
  spec: {
    replicas: 2,
    selector: { matchLabels: labels },
    template: {
      metadata: { labels },
      spec: {
        containers: [
          {
            name: 'web',
            image: 'host',
            command: ['sh', '-c', 'hostname >/index.html; exec busybox httpd -f -p 80 -h /'],
            readinessProbe: { tcpSocket: { port: 80 }, periodSeconds: 1 },
            resources: { limits: { memory: '64Mi', cpu: '500m' } },
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
  spec: { type: 'NodePort', selector: labels, ports: [{ port: 80, nodePort }] },
}

/** A node that never answers, at the server's address. */
const elsewhere = {
  apiVersion: 'v1',
  kind: 'Node',
  metadata: { name: 'elsewhere' },
  spec: { podCIDR: '10.244.9.0/24', podCIDRs: ['10.244.9.0/24'] },
  status: { addresses: [{ type: 'InternalIP', address: addresses.server }] },
}
const route = `10.244.9.0/24 via ${addresses.server} dev eth1`
const untilRoute = `for i in {1..600}; do ip route | grep -q "^${route}" && exit; sleep 0.2; done; ip route; exit 1`

/** What a unit is, as systemctl show prints it. */
const show = (unit: string, property: string): string => `systemctl show -P ${property} ${unit}`

/** Process ids of the pods' programs. */
const webs = 'pgrep -x busybox | sort | tr "\\n" " "'

t.setTimeout(1_500_000)

t.test('units on two machines', async (t) => {
  const startedAt = performance.now()
  const note = (what: string): void =>
    void process.stderr.write(`@${Math.round((performance.now() - startedAt) / 1000)}s ${what}\n`)
  const machines = await startSystemdMachines(t)
  const { server, node } = machines
  note('machines are up')
  const kubeconfig = join(machines.folder, 'kubeconfig')
  const env = { ...process.env, HOME: machines.folder, KUBECONFIG: kubeconfig }
  const ok = async (...words: string[]): Promise<string> =>
    (await runFile(kubectl, words, { env })).stdout
  const answer = `curl -sf -m 30 http://${addresses['node-1']}:${nodePort}/`

  t.test('the server is active when it answers', async (t) => {
    const early = await server.run('systemctl start myorch-server')
    t.match(early, { exitCode: 1, output: /assert/i }, 'nobody has said at which address')
    await startServer(machines, kubeconfig)
    t.match(await server.ok(show('myorch-server', 'StatusText')), 'serving https://192.168.56.10')
    const log = await server.ok('journalctl -u myorch-server -o cat | grep ^{')
    for (const line of log.split('\n')) t.match(JSON.parse(line), { ts: Number, msg: String })
    note('the server serves')
  })

  t.test('a killed server starts again', async (t) => {
    await server.ok('kill -9 $(systemctl show -P MainPID myorch-server)')
    // A new start of what is being started is the same one.
    const state = `until [ $(${show('myorch-server', 'NRestarts')}) = 1 ]; do sleep 0.1; done`
    await server.ok(`${state}; systemctl start myorch-server`)
    t.match(await ok('get', 'namespaces', '-o', 'name'), 'namespace/default')
    note('the server serves again')
  })

  t.test('a node joins with a token, and says where it cannot', async (t) => {
    const printed = await server.ok(`myorch token create --kubeconfig ${serverConfig}`)
    const [, address, token = '', hash] = /(https:\S+) --token (\S+) --ca-hash (\S+)/.exec(printed)!
    const enter = (secret: string): string =>
      `mkdir -p /etc/myorch; printf 'MYORCH_SERVER=%s\\nMYORCH_TOKEN=%s\\nMYORCH_CA_HASH=%s\\n' ` +
      `${address} ${secret} ${hash} >/etc/myorch/node.env; chmod 600 /etc/myorch/node.env`
    await node.ok(enter(token.replaceAll(/[a-z]/g, 'x')))
    t.equal((await node.run('systemctl enable --now myorch-node')).exitCode, 1, 'a wrong token')
    t.match(await node.ok('journalctl -u myorch-node -o cat'), 'the server does not know the token')
    await node.ok(`${enter(token)}; systemctl restart myorch-node`)
    await ok('wait', 'node/node-1', '--for=create', patience)
    await ok('wait', 'node/node-1', '--for=condition=Ready', patience)
    t.notMatch(await node.ok('ps -eo args'), token, 'nobody who is logged in sees it')
    note('the node is ready')
  })

  t.test('pods run on, whatever becomes of the node’s process', async (t) => {
    const applying = runFile(kubectl, ['create', '--validate=false', '-f', '-'], { env })
    const manifest = { apiVersion: 'v1', kind: 'List', items: [web, service] }
    applying.child.stdin?.end(JSON.stringify(manifest))
    await applying
    await ok('rollout', 'status', 'deployment/web', patience)
    note('pods run')
    const status = `"$(${show('myorch-node', 'StatusText')})" = "node node-1 of https://${addresses.server}:6443"`
    await node.ok(`for i in {1..300}; do [ ${status} ] && exit; sleep 0.2; done; exit 1`)
    const pids = await node.ok(webs)
    t.match(pids, /^\d+ \d+$/)
    const group = `for pid in ${pids}; do cat /proc/$pid/cgroup; done`
    t.match(await node.ok(group), /^0::\/kubepods\//, 'out of reach of the unit')
    for (const script of [
      'kill -9 $(systemctl show -P MainPID myorch-node); while systemctl -q is-active myorch-node; do :; done',
      'systemctl restart myorch-node',
      'systemctl stop myorch-node',
    ]) {
      await node.ok(script)
      t.equal(await node.ok(webs), pids, script)
      t.match(await server.ok(answer), /^web-/)
    }
    await node.ok('systemctl start myorch-node')
    await ok('wait', 'pod', '--all', '--for=condition=Ready', patience)
    t.equal(await node.ok(webs), pids, 'systemctl start myorch-node')
    note('pods ran on')
  })

  t.test('routes come back that the manager of interfaces took away', async (t) => {
    const creating = runFile(kubectl, ['create', '--validate=false', '-f', '-'], { env })
    creating.child.stdin?.end(JSON.stringify(elsewhere))
    await creating
    await node.ok(untilRoute)
    await node.ok('systemctl restart systemd-networkd systemd-networkd-wait-online')
    await node.ok(untilRoute)
    t.match(await server.ok(answer), /^web-/)
    await ok('delete', 'node', 'elsewhere')
    note('routes are back')
  })

  t.test('containers have their units, too', async (t) => {
    await node.ok('systemctl enable --now mycontainer-restart mycontainer-docker')
    const run = (name: string, policy: string): string =>
      `mycontainer run -d --init --name ${name} --restart ${policy} host sleep 10000`
    const policies = { plain: 'no', always: 'always', unless: 'unless-stopped' }
    for (const [name, policy] of Object.entries(policies)) await node.ok(run(name, policy))
    await node.ok(`${run('stopped', 'unless-stopped')}; mycontainer stop stopped plain`)
    const start = 'curl -sf -X POST --unix-socket /run/mycontainer/docker.sock'
    await node.ok(`${start} http://docker/containers/plain/start`)
    await node.ok('systemctl restart mycontainer-docker; systemctl stop mycontainer-docker')
    t.equal(await runningContainers(node), 'always plain unless', 'what the API started runs on')
    note('containers run')
  })

  t.test('a reboot of both brings everything back', async (t) => {
    const before = performance.now()
    await Promise.all([server.reboot(), node.reboot()])
    note(`both have booted again in ${Math.round((performance.now() - before) / 1000)}s`)
    t.equal(await runningContainers(node), 'always unless')
    const restarts = 'jsonpath={.items[*].status.containerStatuses[0].restartCount}'
    while ((await ok('get', 'pods', '-o', restarts)) !== '1 1') continue
    await ok('wait', 'node/node-1', '--for=condition=Ready', patience)
    await ok('wait', 'pod', '--all', '--for=condition=Ready', patience)
    note('pods run again')
    const answers = await server.ok(`for i in 1 2 3 4 5 6; do ${answer}; done`)
    t.equal(answers.split('\n').length, 6)
    t.equal(await node.ok('systemctl is-system-running'), 'running')
  })
})

function runningContainers(machine: SystemdMachine): Promise<string> {
  return machine.ok('mycontainer ps --format "{{.Names}}" | sort | tr "\\n" " "')
}

/** @param kubeconfig where the administrator's is to be, to be used from this host */
async function startServer({ server, port }: SystemdMachines, kubeconfig: string): Promise<void> {
  const url = `${addresses.server}:6443`
  await server.ok(`mkdir -p /etc/myorch; echo MYORCH_ADDR=${url} >/etc/myorch/server.env`)
  await server.ok('systemctl enable --now myorch-server')
  const text = await server.ok(`cat ${serverConfig}`)
  await writeFile(kubeconfig, text.replace(`https://${url}`, `https://127.0.0.1:${port}`))
}
