import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import t from 'tap'
import type { Test } from 'tap'
import { kubectlBinaries } from '../conformance/kubectl.ts'
import { makeLocalCluster } from './local-cluster.ts'
import type { LocalCluster } from './local-cluster.ts'

// What people type at a cluster, by the real kubectl, on three nodes with real containers: in the order of a working day.

const deployment = {
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { name: 'd1' },
  spec: {
    replicas: 2,
    selector: { matchLabels: { app: 'x' } },
    template: {
      metadata: { labels: { app: 'x' } },
      spec: {
        terminationGracePeriodSeconds: 0,
        containers: [
          {
            name: 'c',
            image: 'host',
            imagePullPolicy: 'IfNotPresent',
            command: ['sh', '-c', 'echo hi; exec sleep 1000'],
          },
        ],
      },
    },
  },
}
const pod = (name: string, more: object, meta: object = {}) => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name, ...meta },
  spec: { terminationGracePeriodSeconds: 0, ...more },
})
const web = pod(
  'p1',
  {
    nodeSelector: { role: 'web' },
    containers: [{ name: 'c', image: 'nginx:host', ports: [{ containerPort: 80 }] }],
  },
  { labels: { app: 'p' } },
)
const sleeper = pod('r1', {
  containers: [{ name: 'c', image: 'host', command: ['sh', '-c', 'echo r1; exec sleep 1000'] }],
})
const cronJob = {
  apiVersion: 'batch/v1',
  kind: 'CronJob',
  metadata: { name: 'cj1' },
  spec: {
    schedule: '0 0 1 1 *',
    jobTemplate: {
      spec: {
        template: {
          spec: {
            restartPolicy: 'Never',
            containers: [{ name: 'c', image: 'host', command: ['true'] }],
          },
        },
      },
    },
  },
}

/** A command line, and what it prints: all of its standard output, a pattern in it, or an exit code that is not 0. */
type Row = readonly [line: string, out: RegExp, code?: number]

const wait = (what: string): Row => [`wait --timeout=20s ${what}`, /condition met/]

const first: readonly Row[] = [
  ['version', /Server Version: v1\.\d+/],
  ['label nodes NAME-3 role=web', /^node\/NAME-3 labeled\n$/],
  [
    'create -f cron.json -f pod.json -f sleeper.json',
    /^cronjob.batch\/cj1 created\npod\/p1 created\npod\/r1 created\n$/,
  ],
  ['apply -f deployment.json', /^deployment.apps\/d1 created\n$/],
  ['apply -f deployment.json', /^deployment.apps\/d1 unchanged\n$/],
  [
    'apply --server-side --force-conflicts -f deployment.json',
    /^deployment.apps\/d1 serverside-applied\n$/,
  ],
  ['rollout status deploy/d1 --timeout=20s', /deployment "d1" successfully rolled out\n$/],
  wait('--for=condition=Ready pod/p1 pod/r1'),
  ['diff -f deployment.json', /^$/],
  ['apply -f deployment.json --dry-run=server', /unchanged \(server dry run\)/],
  ['replace -f deployment.json', /^deployment.apps\/d1 replaced\n$/],
  [
    'get pods',
    /^NAME +READY +STATUS +RESTARTS +AGE\n(d1-[a-z0-9]+-[a-z0-9]{5} +1\/1 +Running +0 +\d+s\n){2}p1 +1\/1/,
  ],
  [
    'get pods p1 -o wide',
    /^NAME .* IP +NODE .*\np1 .* 10\.244\.\d+\.\d+ +NAME-3 +<none> +<none>\n$/,
  ],
  ['get pods -l app=x --field-selector=status.phase=Running -o name', /^(pod\/d1-\S+\n){2}$/],
  ['get pods -w --request-timeout=1s', /p1 +1\/1 +Running/],
  [
    'get events --field-selector involvedObject.name=p1',
    /Scheduled .*NAME-3\n[^]*Pulled .*"nginx:host" already present on machine\n[^]*Created[^]*Started/,
  ],
  ['explain deployment.spec', /FIELD: spec <DeploymentSpec>/],
  ['patch deploy d1 -p {"spec":{"replicas":2}}', /patched \(no change\)/],
  ['patch deploy d1 --type=merge -p {"spec":{"replicas":5}}', /^deployment.apps\/d1 patched\n$/],
  [
    'patch deploy d1 --type=json -p [{"op":"replace","path":"/spec/replicas","value":4}]',
    / patched\n$/,
  ],
  ['scale deploy d1 --replicas=3', /^deployment.apps\/d1 scaled\n$/],
  ['autoscale deploy d1 --max=5 --cpu-percent=50', /d1 autoscaled\n$/],
  ['expose deploy d1 --port=80', /^service\/d1 exposed\n$/],
  ['set env deploy/d1 A=B', /^deployment.apps\/d1 env updated\n$/],
  ['label pod p1 a=b', /^pod\/p1 labeled\n$/],
  ['annotate pod p1 a=b', /^pod\/p1 annotated\n$/],
  ['rollout status deploy/d1 --timeout=20s', /successfully rolled out\n$/],
  [
    'rollout history deploy/d1',
    /^deployment.apps\/d1 \nREVISION +CHANGE-CAUSE\n1 +<none>\n2 +<none>\n/,
  ],
  ['rollout undo deploy/d1', /rolled back\n$/],
  ['rollout restart deploy/d1', / restarted\n$/],
  ['rollout pause deploy/d1', / paused\n$/],
  ['rollout resume deploy/d1', / resumed\n$/],
  ['rollout status deploy/d1 --timeout=20s', /successfully rolled out\n$/],
]

const looking: readonly Row[] = [
  ['logs r1', /^r1\n$/],
  ['logs r1 --tail=5 --since=60s --timestamps', /^\d{4}-\S+T\S+Z r1\n$/],
  ['logs r1 --previous', /previous terminated container "c" in pod "r1" not found/, 1],
  ['logs -l app=x', /^(hi\n){3}$/],
  ['exec r1 -- cat /etc/hosts', /Kubernetes-managed[^]*10\.244\.\d+\.\d+\tr1\n/],
  ['exec r1 -- false', /command terminated with exit code 1/, 1],
  ['cp r1:/etc/hosts copied', /^(tar: .*\n)?$/],
  ['cp copied r1:/tmp/back', /^$/],
  ['exec r1 -- cat /tmp/back', /Kubernetes-managed/],
  [
    'describe pod p1',
    /Node: +NAME-3\/10\.\d[^]*Ready: +True\n[^]*Normal +Started .* Started container c\n$/,
  ],
  [
    'describe deploy d1',
    /Replicas: +3 desired \| 3 updated \| 3 total \| 3 available \| 0 unavailable/,
  ],
  ['describe node NAME-1', /Ready +True .* KubeletReady[^]*PodCIDR: +10\.244\.\d+\.0\/24/],
  ['describe svc d1', /Endpoints: +(10\.244\.\d+\.\d+:80,?){3}\n/],
  ['create deployment dd --image=nginx:host', /^deployment.apps\/dd created\n$/],
  ['create namespace n2', /^namespace\/n2 created\n$/],
  ['create configmap cm1 --from-literal=a=b', /^configmap\/cm1 created\n$/],
  ['create secret generic s1 --from-literal=a=b', /^secret\/s1 created\n$/],
  ['create service clusterip svc1 --tcp=80:80', /^service\/svc1 created\n$/],
  ['create job j1 --image=host -- true', /^job.batch\/j1 created\n$/],
  ['create job j2 --from=cronjob/cj1', /^job.batch\/j2 created\n$/],
  ['create role role1 --verb=get --resource=pods', /role1 created\n$/],
  ['create quota q1 --hard=pods=50', /^resourcequota\/q1 created\n$/],
  ['create pdb pdb1 --selector=app=x --min-available=1', /pdb1 created\n$/],
  ['create serviceaccount sa1', /^serviceaccount\/sa1 created\n$/],
  ['create token sa1', /^eyJ[\w-]+\.[\w-]+\.[\w-]+\n?$/],
  ['auth can-i get pods', /^yes\n$/],
  ['auth can-i get pods --as=nobody', /^no\n/, 1],
  ['auth whoami', /Groups +\[system:masters system:authenticated\]/],
  wait('--for=condition=complete job/j1 job/j2'),
  ['get jobs j1', /^NAME +STATUS +COMPLETIONS +DURATION +AGE\nj1 +Complete +1\/1 /],
  ['top nodes', /^NAME +CPU\(cores\) .*\n(NAME-\d +\d+m +\d+% +\d+Mi +\d+% *\n){3}$/],
  ['wait --for=delete pod/nope --timeout=2s', /^$/],
  ['debug r1 --image=host --profile=general -c dbg -- echo from-debug', /^$/],
  [
    'wait --timeout=20s --for=jsonpath={.status.ephemeralContainerStatuses[0].state.terminated.exitCode}=0 pod/r1',
    /condition met/,
  ],
  ['logs r1 -c dbg', /^from-debug\n$/],
  ['cluster-info', /control plane.* is running at .*https:\/\/10\.201\./],
  ['edit pod p1', /^pod\/p1 edited\n$/],
  ['get pod p1 --show-labels', /a=b,app=z\n/],
]

const going: readonly Row[] = [
  ['taint nodes NAME-1 a=b:NoSchedule', /tainted\n$/],
  ['taint nodes NAME-1 a-', /untainted\n$/],
  ['cordon NAME-3', /^node\/NAME-3 cordoned\n$/],
  ['get nodes NAME-3', /NAME-3 +Ready,SchedulingDisabled +/],
  ['uncordon NAME-3', /^node\/NAME-3 uncordoned\n$/],
  [
    'drain NAME-3 --force --ignore-daemonsets --timeout=20s',
    /evicting|evicted[^]*node\/NAME-3 drained\n$/,
  ],
  ['get pod p1', /pods "p1" not found/, 1],
  ['uncordon NAME-3', /uncordoned/],
  ['delete deploy dd --cascade=orphan --timeout=10s', /^deployment.apps "dd" deleted/],
  ['get rs -l app=dd -o name', /^replicaset.apps\/dd-/],
  ['delete rs -l app=dd --timeout=10s', /^replicaset.apps "dd-\S+" deleted/],
  ['delete deploy d1 --cascade=foreground --timeout=20s', /^deployment.apps "d1" deleted/],
  ['get pods -l app=x -o name', /^$/],
  ['delete pods --all --timeout=20s', /pod "r1" deleted/],
  ['delete ns n2 --timeout=20s', /^namespace "n2" deleted/],
]

async function play(t: Test, cluster: LocalCluster, rows: readonly Row[]): Promise<void> {
  for (const [text, out, code = 0] of rows) {
    const line = text.replaceAll('NAME-', `${cluster.name}-`)
    const wanted = new RegExp(out.source.replaceAll('NAME-', `${cluster.name}-`))
    const result = await cluster.kubectl(line.split(' '))
    t.equal(result.code, code, `kubectl ${line} ends with ${code}: ${result.stderr}`)
    t.match(result.stdout + result.stderr, wanted, `kubectl ${line}`)
  }
}

/** The page of a pod's web server through a forwarded port. */
async function forwarded(cluster: LocalCluster): Promise<string> {
  const words = ['port-forward', 'pod/p1', ':80', '--address=127.0.0.1']
  const child = spawn(kubectlBinaries().at(-1)!, words, { env: cluster.env })
  try {
    const [line] = (await once(createInterface(child.stdout), 'line')) as [string]
    const port = /127\.0\.0\.1:(\d+) -> 80/.exec(line)?.[1] ?? ''
    return await (await fetch(`http://127.0.0.1:${port}/`)).text()
  } finally {
    child.kill()
  }
}

t.test('a day of kubectl', async (t) => {
  const cluster = await makeLocalCluster(t, 3)
  const images = join(cluster.folder, 'myorch/clusters', cluster.name, 'images')
  const made = await cluster.own(
    'myimage',
    '--root',
    images,
    'from-host',
    'nginx',
    '-t',
    'nginx:host',
  )
  t.equal(made.code, 0, made.stderr)
  const files = { deployment, pod: web, sleeper, cron: cronJob }
  for (const [name, content] of Object.entries(files))
    cluster.file(`${name}.json`, JSON.stringify(content))
  cluster.env['KUBE_EDITOR'] = 'sed -i s/app:.p$/app:\\ z/'

  await play(t, cluster, first)
  await play(t, cluster, looking)
  t.match(readFileSync(join(cluster.folder, 'copied'), 'utf8'), /Kubernetes-managed/)
  const piped = await cluster.kubectl(['exec', '-i', 'r1', '--', 'sh', '-c', 'cat; exit 7'], 'in\n')
  t.match(piped, { code: 7, stdout: 'in\n', stderr: /exit code 7/ }, 'exec with an input')
  t.match(await forwarded(cluster), /Welcome to nginx/, 'port-forward')
  await play(t, cluster, going)
  t.strictSame(await cluster.remove(), [], 'nothing is left of the cluster')
})
