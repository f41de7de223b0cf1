import { existsSync, readFileSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { makeLocalCluster } from './local-cluster.ts'
import type { LocalCluster } from './local-cluster.ts'

const manifest = `
apiVersion: v1
kind: PersistentVolumeClaim
metadata: { name: data }
spec:
  accessModes: [ReadWriteOnce]
  resources: { requests: { storage: 1Gi } }
---
apiVersion: v1
kind: Pod
metadata: { name: writer }
spec:
  terminationGracePeriodSeconds: 0
  securityContext: { fsGroup: 4242 }
  containers:
  - name: c
    image: host
    imagePullPolicy: IfNotPresent
    command: [/bin/sh, -c, 'echo kept > /data/file && exec sleep 1000']
    volumeMounts: [{ name: v, mountPath: /data, subPath: app }]
  volumes: [{ name: v, persistentVolumeClaim: { claimName: data } }]
`

const reader = {
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name: 'reader' },
  spec: {
    terminationGracePeriodSeconds: 0,
    containers: [
      {
        name: 'c',
        image: 'host',
        imagePullPolicy: 'IfNotPresent',
        command: ['/bin/sh', '-c', 'cat /data/app/file; touch /data/x; exec sleep 1000'],
        volumeMounts: [{ name: 'v', mountPath: '/data' }],
      },
    ],
    volumes: [{ name: 'v', persistentVolumeClaim: { claimName: 'data', readOnly: true } }],
  },
}

const wait = (cluster: LocalCluster, ...words: string[]) =>
  cluster.ok('wait', '--timeout=30s', ...words)

t.test('a claim, from the file of a user to the end of its folder', async (t) => {
  const cluster = await makeLocalCluster(t, 2)
  const { ok, kubectl } = cluster
  await ok('apply', '-f', cluster.file('data.yaml', manifest))
  await wait(cluster, '--for=condition=Ready', 'pod/writer')
  const paths = '{.items[0].metadata.name} {.items[0].spec.local.path}'
  const [node, found, tables, described] = await Promise.all([
    ok('get', 'pod', 'writer', '-o=jsonpath={.spec.nodeName}'),
    ok('get', 'pv', `-o=jsonpath=${paths}`),
    ok('get', 'sc,pv,pvc'),
    ok('describe', 'pvc', 'data'),
  ])
  const [volume = '', folder = ''] = found.split(' ')
  t.equal(readFileSync(join(folder, 'app/file'), 'utf8'), 'kept\n')
  for (const row of [
    'local-path \\(default\\) +rancher.io/local-path +Delete +WaitForFirstConsumer +false',
    `${volume} +1Gi +RWO +Delete +Bound +default/data +local-path`,
    `data +Bound +${volume} +1Gi +RWO +local-path`,
  ])
    t.match(tables, new RegExp(row))
  t.match(described, /Used By: +writer/)
  t.match(described, /ProvisioningSucceeded .*rancher.io\/local-path/)

  await ok('delete', 'pod', 'writer')
  await cluster.apply(reader)
  await wait(cluster, '--for=condition=Ready', 'pod/reader')
  t.equal(
    await ok('get', 'pod', 'reader', '-o=jsonpath={.spec.nodeName}'),
    node,
    'where its volume is',
  )
  t.equal(
    await ok('logs', 'reader'),
    "kept\ntouch: cannot touch '/data/x': Read-only file system\n",
  )

  await ok('delete', 'pvc', 'data', '--wait=false')
  t.match(await ok('get', 'pvc'), /data +Terminating/, 'it is in use')
  await cluster.own('myorch', 'cluster', 'stop', cluster.name)
  t.ok(existsSync(folder))
  await cluster.own('myorch', 'cluster', 'start', cluster.name)
  await ok('delete', 'pod', 'reader')
  await wait(cluster, '--for=delete', 'pvc/data')
  await kubectl(['wait', '--for=delete', `pv/${volume}`, '--timeout=30s'])
  t.equal(await ok('get', 'pv'), '')
  t.same(readdirSync(join(folder, '..')), [], 'the folder went with the volume')
  t.same(await cluster.remove(), [])
})
