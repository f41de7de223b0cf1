import { execFileSync, spawn } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t from 'tap'
import { makeLocalCluster } from './local-cluster.ts'

// A machine outside of the cluster, which knows the host and nothing behind it: no route leads from it to nodes or pods.

const space = `mox${process.pid}`
const link = `mox${process.pid % 100_000}`
const outside = '198.51.100.2'
const ip = (words: string): string => execFileSync('ip', words.split(' '), { encoding: 'utf8' })

const nameServer = `
const socket = require('node:dgram').createSocket('udp4')
socket.on('message', (question, { port, address }) => {
  const end = question.indexOf(0, 12) + 5
  const head = Buffer.from(question.subarray(0, end))
  head.writeUInt16BE(0x8180, 2)
  head.writeUInt16BE(question.readUInt16BE(end - 4) === 1 ? 1 : 0, 6)
  head.fill(0, 8, 12)
  const answer = Buffer.from([0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 9, 0, 4, 203, 0, 113, 9])
  socket.send(head.readUInt16BE(6) ? Buffer.concat([head, answer]) : head, port, address)
})
socket.bind(53, '${outside}', () => console.log('ready'))
`

t.test('pods reach what is outside of the cluster', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'exit-'))
  writeFileSync(join(folder, 'index.html'), 'from outside')
  writeFileSync(join(folder, 'names.cjs'), nameServer)
  ip(`netns add ${space}`)
  t.teardown(() => {
    ip(`netns delete ${space}`)
    rmSync(folder, { recursive: true, force: true })
  })
  ip(`link add ${link} type veth peer name eth0 netns ${space}`)
  ip(`address add 198.51.100.1/24 dev ${link}`)
  ip(`link set ${link} up`)
  ip(`-n ${space} address add ${outside}/24 dev eth0`)
  ip(`-n ${space} link set eth0 up`)
  const within = (...words: string[]) =>
    spawn('ip', ['netns', 'exec', space, ...words], { stdio: ['ignore', 'pipe', 'inherit'] })
  const web = within('busybox', 'httpd', '-f', '-p', `${outside}:80`, '-h', folder)
  const names = within(process.execPath, join(folder, 'names.cjs'))
  t.teardown(() => [web, names].forEach((child) => child.kill()))
  await new Promise((resolve) => names.stdout.once('data', resolve))

  const cluster = await makeLocalCluster(t, 1)
  const pod = (name: string, more: object) =>
    cluster.apply({
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name },
      spec: {
        terminationGracePeriodSeconds: 0,
        containers: [{ name: 'a', image: 'host', command: ['sleep', '1000'] }],
        ...more,
      },
    })
  const wantsOutside = { nameservers: [outside], searches: ['example.org'] }
  await pod('first', {})
  await pod('host', { hostNetwork: true, dnsPolicy: 'ClusterFirstWithHostNet' })
  const serve = 'cd /tmp; echo from the pod >index.html; exec busybox httpd -f -p 0.0.0.0:8080'
  const serving = {
    name: 'a',
    image: 'host',
    command: ['sh', '-c', serve],
    ports: [{ containerPort: 8080, hostPort: 8088 }],
    readinessProbe: { tcpSocket: { port: 8080 }, periodSeconds: 1 },
  }
  await pod('port', { containers: [serving] })
  await pod('own', { dnsPolicy: 'None', dnsConfig: wantsOutside })
  await pod('node', { dnsPolicy: 'Default' })
  await cluster.ok('wait', '--for=condition=Ready', 'pod', '--all', '--timeout=30s')
  const run = (name: string, script: string) => cluster.ok('exec', name, '--', 'sh', '-c', script)

  for (const name of ['first', 'host'])
    t.test(`TCP, from the network of ${name}`, async (t) => {
      const request = `exec 3<>/dev/tcp/${outside}/80; printf 'GET / HTTP/1.0\\r\\n\\r\\n' >&3; cat <&3`
      t.match(await run(name, `timeout 10 bash -c "${request}"`), /from outside$/)
    })
  t.test('a port of the node that is a pod’s', async (t) => {
    const path = 'jsonpath={.items[0].status.addresses[?(@.type=="InternalIP")].address}'
    const address = await cluster.ok('get', 'nodes', '-o', path)
    const answer = await fetch(`http://${address}:8088/index.html`)
    t.equal(await answer.text(), 'from the pod\n')
    await t.rejects(fetch(`http://${address}:8080/index.html`), 'its own port is not the node’s')
  })
  t.test('UDP: a name server of its own, and search', async (t) => {
    t.match(await run('own', 'getent ahostsv4 printer'), /^203\.0\.113\.9 /)
    t.equal(await run('own', 'cat /etc/resolv.conf'), `search example.org\nnameserver ${outside}\n`)
  })
  for (const name of ['first', 'host'])
    t.test(`names of the cluster, for ${name}`, async (t) => {
      t.match(await run(name, 'cat /etc/resolv.conf'), /^nameserver 10\.96\.0\.10$/m)
      t.match(await run(name, 'getent hosts kubernetes.default'), /^10\.96\.0\.1 /)
    })
  t.test('the name servers of the node, for Default', async (t) => {
    const own = await run('node', 'cat /etc/resolv.conf')
    t.notMatch(own, /10\.96\.0\.10/)
    const servers = (text: string) => [...text.matchAll(/^nameserver (\S+)/gm)].map((it) => it[1])
    const isRemote = (server = ''): boolean => !server.startsWith('127.') && server !== '::1'
    const remote = servers(readFileSync('/etc/resolv.conf', 'utf8')).filter(isRemote)
    if (remote.length > 0) t.strictSame(servers(own), remote)
  })
  t.test('nothing of the way out stays', async (t) => {
    const { bridge } = JSON.parse(
      readFileSync(join(cluster.folder, 'myorch/clusters', cluster.name, 'cluster.json'), 'utf8'),
    ) as { bridge: string }
    const tables = () => execFileSync('nft', ['list', 'tables'], { encoding: 'utf8' }).split('\n')
    t.ok(tables().includes(`table inet myorch-${bridge}`))
    t.strictSame(await cluster.remove(), [])
    t.notOk(tables().includes(`table inet myorch-${bridge}`))
  })
})
