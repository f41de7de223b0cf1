import t from 'tap'
import { makeLocalCluster } from './local-cluster.ts'

t.test('numbers of a node, by way of the server', async (t) => {
  const cluster = await makeLocalCluster(t, 1)
  const node = `${cluster.name}-1`
  const container = (name: string, script: string, more: object = {}) => ({
    name,
    image: 'host',
    command: ['sh', '-c', script],
    ...more,
  })
  const probe = { exec: { command: ['true'] }, periodSeconds: 1 }
  await cluster.apply({
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'web' },
    spec: {
      terminationGracePeriodSeconds: 0,
      initContainers: [container('first', 'true')],
      containers: [
        container('steady', 'sleep 1000', { readinessProbe: probe }),
        // Ends once: the first restart costs no wait.
        container('stumbles', 'test -e /tmp/again/x && exec sleep 1000; touch /tmp/again/x', {
          volumeMounts: [{ name: 'again', mountPath: '/tmp/again' }],
        }),
      ],
      volumes: [{ name: 'again', emptyDir: {} }],
    },
  })
  const restarts = '{.status.containerStatuses[?(@.name=="stumbles")].restartCount}'
  await cluster.ok('wait', 'pod/web', `--for=jsonpath=${restarts}=1`, '--timeout=30s')
  await cluster.ok('wait', 'pod/web', '--for=condition=Ready', '--timeout=30s')
  const read = (path: string) => cluster.ok('get', '--raw', `/api/v1/nodes/${node}/proxy/${path}`)
  const own = await read('metrics')
  for (const line of [
    /^kubelet_running_pods 1$/m,
    /^kubelet_running_containers 2$/m,
    /^kubelet_started_pods_total 1$/m,
    /^kubelet_started_containers_total\{container_type="container"\} 3$/m,
    /^kubelet_started_containers_total\{container_type="init_container"\} 1$/m,
    /^myorch_container_restarts_total\{namespace="default",pod="web",container="stumbles"\} 1$/m,
    /^kubelet_pod_start_duration_seconds_count 1$/m,
    /^kubelet_pod_worker_duration_seconds_count\{operation_type="sync"\} [1-9]/m,
    /^prober_probe_total\{probe_type="Readiness",result="successful",.*pod="web"\} [1-9]/m,
  ])
    t.match(own, line)
  const about = '{container="steady",namespace="default",pod="web"}'
  t.match(await read('metrics/resource'), `container_memory_working_set_bytes${about} `)
  const cadvisor = await read('metrics/cadvisor')
  for (const name of [
    'container_cpu_usage_seconds_total',
    'container_memory_working_set_bytes',
    'container_start_time_seconds',
  ])
    t.match(cadvisor, `${name}${about} `)
  t.match(
    cadvisor,
    'container_network_receive_bytes_total{interface="eth0",namespace="default",pod="web"} ',
  )
})
